import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { small } from "../config/loaded.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const BUGGY_HEALER = fileURLToPath(new URL("../fixtures/daemon/buggy-healer.ts", import.meta.url));

/** Runs a daemon that meets a bug of the given kind, and answers how it ended. */
async function meetBug(kind: "thrown" | "rejected" | "awaited"): Promise<{ code: number | null; said: string; home: string }> {
  const home = temporaryDir();
  const config = join(home, "h.yaml");
  writeFileSync(config, small("", "api: false\n"));
  const env = { ...process.env, HEALER_HOME: home, PM2_HOME: home, BUG: kind };
  const child = spawn(process.execPath, ["--import", "tsx", BUGGY_HEALER, config], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, said, home };
}

test.each(["thrown", "rejected", "awaited"] as const)(
  "a bug that is %s ends healer with 70, and its stack stands where one looks",
  async (kind) => {
    const { code, said, home } = await meetBug(kind);
    expect(code).toBe(70);
    expect(said).toMatch(/^healer: internal error, please report it: Error: made up by a test\n +at /);
    const [entry] = readFileSync(join(home, "daemon.log"), "utf8").trim().split("\n");
    expect(JSON.parse(entry ?? "")).toMatchObject({ level: "error", message: expect.stringMatching(/made up by a test\n +at /) as string });
    const last = readFileSync(join(home, "heal.log"), "utf8").trim().split("\n").at(-1);
    expect(JSON.parse(last ?? "")).toMatchObject({ level: "error", event: "daemon_stop", target: "healer" });
    expect(last).toContain("a bug of its own (Error: made up by a test)");
  },
);
