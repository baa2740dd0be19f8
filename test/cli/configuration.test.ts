import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCheck } from "../../src/cli/check.ts";
import { runConfigSchema, runConfigShow } from "../../src/cli/config.ts";
import { runInit } from "../../src/cli/init.ts";
import type { CliIo } from "../../src/cli/io.ts";
import { failure, success } from "../../src/core/outcome.ts";
import { small } from "../config/loaded.ts";
import { workerRow as row } from "../support/worker-row.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

interface Terminal extends CliIo {
  readonly said: string[];
  readonly complained: string[];
}

function terminal(env: Record<string, string> = {}): Terminal {
  const said: string[] = [];
  const complained: string[] = [];
  return { said, complained, env, cwd: temporaryDir(), out: (text) => said.push(text), err: (text) => complained.push(text) };
}

function withFile(text: string): Terminal {
  const io = terminal();
  writeFileSync(join(io.cwd, "healer.config.yaml"), text);
  return io;
}

describe("healer check", () => {
  test("answers 0 for a valid file, warnings and all, and 1 with --strict", async () => {
    const io = withFile(small());
    expect(await runCheck({}, io)).toBe(0);
    expect(io.said.join()).toContain("Warnings:\n  healer.config.yaml:");
    expect(await runCheck({ strict: true }, io)).toBe(1);
  });

  test("answers 2 with every mistake on standard error, named as the user names the file", async () => {
    const io = withFile(small("    colour: red\n    queue: lmm\n"));
    expect(await runCheck({}, io)).toBe(2);
    expect(io.said).toEqual([]);
    expect(
      io.complained
        .join()
        .split("\n")
        .map((line) => line.replace(/:.*/, "")),
    ).toEqual(["healer.config.yaml", "healer.config.yaml"]);
  });

  test("answers 2 when two strategies select an app that runs", async () => {
    const io = withFile(small('  - {name: one, match: {app: "x-*"}}\n  - {name: two, match: {app: "*-y"}}\n'));
    expect(await runCheck({ listRows: () => Promise.resolve([row({ name: "x-y" })]) }, io)).toBe(2);
    expect(await runCheck({ listRows: () => Promise.resolve(null) }, io), "PM2 does not run").toBe(0);
  });

  test("with --json is one object, also for mistakes", async () => {
    for (const text of [small(), "mode: heel"]) {
      const io = withFile(text);
      await runCheck({ json: true }, io);
      expect(JSON.parse(io.said.join())).toMatchObject({ ok: text !== "mode: heel" });
    }
  });

  test("with --json says what to write, and the times of each rule", async () => {
    const io = withFile(small("    grace_period_seconds: 0\n    rules: [frozen]\n"));
    await runCheck({ json: true, hostMemoryBytes: 1024 ** 3 }, io);
    const said = JSON.parse(io.said.join()) as { warnings: object[]; notes: object[]; times: object[] };
    expect(said.warnings).toContainEqual(expect.objectContaining({ line: 8, write: "grace_period_seconds: 180" }));
    expect(said.notes).toEqual([]);
    expect(said.times).toContainEqual(
      expect.objectContaining({
        strategy: "api",
        rule: "frozen",
        alone_ms: { best: 15_000, worst: 94_000 },
        recovered_ms: { best: 0, worst: 6000 },
      }),
    );
  });

  test("looks where -c says, then HEALER_CONFIG, then here; what is named and missing is never replaced", async () => {
    const here = withFile(small());
    mkdirSync(join(here.cwd, "etc"));
    writeFileSync(join(here.cwd, "etc", "a.yaml"), "mode: a");
    writeFileSync(join(here.cwd, "etc", "b.yaml"), "mode: b");
    const io = { ...here, env: { HEALER_CONFIG: "etc/a.yaml" } };
    await runCheck({ config: "etc/b.yaml" }, io);
    await runCheck({}, io);
    expect(here.complained.map((text) => text.slice(0, 10))).toEqual(["etc/b.yaml", "etc/a.yaml"]);
    expect(await runCheck({}, here)).toBe(0);
    expect(await runCheck({ config: "gone.yaml" }, io)).toBe(2);
    expect(here.complained.at(-1)).toBe(`-c names ${join(here.cwd, "gone.yaml")}, which does not exist`);
  });

  test("without any file says where it looked and what to do", async () => {
    const io = terminal();
    expect(await runCheck({}, io)).toBe(2);
    expect(io.complained.join()).toMatch(
      /looked for .*healer\.config\.yaml and \/etc\/healer\/healer\.config\.yaml\. Write one with: healer init/,
    );
  });
});

describe("healer config", () => {
  test("show answers one strategy, or 2 and the name that was meant", async () => {
    const io = withFile(small());
    expect(await runConfigShow({ strategy: "api" }, io)).toBe(0);
    expect(io.said.join()).toMatch(/^strategies\.api\.mode: heal +# healer\.config\.yaml:2\n/);
    expect(await runConfigShow({ strategy: "apo" }, io)).toBe(2);
    expect(io.complained.join()).toContain("has no strategy apo (did you mean api?)");
  });

  test("schema is JSON of draft 2020-12", () => {
    const io = terminal();
    expect(runConfigSchema(io)).toBe(0);
    expect(JSON.parse(io.said.join())).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
  });
});

describe("healer init", () => {
  const listRows = () => Promise.resolve(success([row()]));

  test("writes a file that check accepts, and never over one that is there", async () => {
    const io = terminal();
    expect(await runInit({ listRows }, io)).toBe(0);
    expect(io.said.join()).toContain("Next: healer check -c healer.config.yaml");
    expect(await runCheck({}, io)).toBe(0);
    writeFileSync(join(io.cwd, "healer.config.yaml"), "mine");
    expect(await runInit({ listRows }, io)).toBe(2);
    expect(readFileSync(join(io.cwd, "healer.config.yaml"), "utf8")).toBe("mine");
    expect(await runInit({ listRows, force: true }, io)).toBe(0);
  });

  test("prints to standard output with -o -, and answers 3 without PM2", async () => {
    const io = terminal();
    expect(await runInit({ listRows, output: "-" }, io)).toBe(0);
    expect(io.said.join()).toContain('match: {app: "api"}');
    expect(await runInit({ listRows: () => Promise.resolve(failure({ message: "no socket" })) }, io)).toBe(3);
    expect(io.complained).toEqual(["cannot look at PM2's apps: no socket"]);
  });
});
