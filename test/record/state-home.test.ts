import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { prepareStateHome, stateHome } from "../../src/record/state-home.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

test.each([
  ["~/.healer where nothing is said", {}, "/home/app/.healer"],
  ["~/.healer where the variable is empty", { HEALER_HOME: "" }, "/home/app/.healer"],
  ["what HEALER_HOME says", { HEALER_HOME: "/var/lib/healer" }, "/var/lib/healer"],
  ["HEALER_HOME from the current folder", { HEALER_HOME: "state" }, join(process.cwd(), "state")],
])("the state lives in %s", (_, env, home) => {
  expect(stateHome(env, "/home/app")).toMatchObject({ home, healLog: join(home, "heal.log"), socket: join(home, "healer.sock") });
});

test("the folder is made for its owner alone", () => {
  const paths = stateHome({ HEALER_HOME: join(temporaryDir(), "state") });
  expect(prepareStateHome(systemFiles(), paths)).toEqual({ ok: true, value: null });
  expect(statSync(paths.home).mode & 0o777).toBe(0o700);
});

test.each([
  [0o755, true],
  [0o750, true],
  [0o775, false],
  [0o777, false],
])("a folder of mode %o is accepted: %s", (mode, ok) => {
  const home = join(temporaryDir(), "state");
  mkdirSync(home);
  chmodSync(home, mode);
  const prepared = prepareStateHome(systemFiles(), stateHome({ HEALER_HOME: home }));
  expect(prepared.ok).toBe(ok);
  if (!prepared.ok) expect(prepared.error.message).toContain(`chmod 700 ${home}`);
});
