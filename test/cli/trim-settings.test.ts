import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { trimSettings } from "../../src/cli/trim-settings.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const FILE = `version: 1
mode: observe
pm2_home: /srv/pm2
strategies:
  - {name: rpa, match: {app: rpa, namespace: default}, max_workers: 1, trim_outside: orphans}
  - {name: blue, match: {app: "*", namespace: blue}, max_workers: 1, trim_outside: all}
`;

interface Files {
  readonly lying?: string;
  readonly named?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** In a folder with `healer.config.yaml`, and `named.yaml` for `-c`. */
function settingsOf(command: Partial<Parameters<typeof trimSettings>[0]>, files: Files = {}) {
  const { lying = "", named = "", env = {} } = files;
  const cwd = temporaryDir();
  if (lying !== "") writeFileSync(join(cwd, "healer.config.yaml"), lying);
  if (named !== "") writeFileSync(join(cwd, "named.yaml"), named);
  return trimSettings({ app: "rpa", ...command }, { env, cwd });
}

describe("a trim needs no configuration:", () => {
  test.each([
    ["without one copies are left alone, and nobody has named a PM2", {}, {}, { pm2Home: null, outside: "none" }],
    ["PM2_HOME names one", {}, { env: { PM2_HOME: "/home/u/.pm2" } }, { pm2Home: "/home/u/.pm2", outside: "none" }],
    ["an empty PM2_HOME names none", {}, { env: { PM2_HOME: "" } }, { pm2Home: null, outside: "none" }],
    ["what is said on the command line counts", { outside: "all" }, {}, { pm2Home: null, outside: "all" }],
  ] as const)("%s", async (_what, command, files, value) => {
    expect(await settingsOf(command, files)).toEqual({ ok: true, value });
  });
});

describe("one that lies about", () => {
  test.each([
    ["says which copies go, not which PM2 is meant", "rpa", {}, { pm2Home: null, outside: "orphans" }],
    ["says so for an app of a namespace", "blue/rpa", {}, { pm2Home: null, outside: "all" }],
    ["leaves copies alone of an app that nobody selects", "mailer", {}, { pm2Home: null, outside: "none" }],
    ["counts less than the command line", "rpa", { outside: "none" }, { pm2Home: null, outside: "none" }],
  ] as const)("%s", async (_what, app, command, value) => {
    expect(await settingsOf({ app, ...command }, { lying: FILE })).toEqual({ ok: true, value });
  });

  test("and is wrong is not read any further", async () => {
    const env = { PM2_HOME: "/home/u/.pm2" };
    expect(await settingsOf({}, { lying: "mode: heel", env })).toEqual({ ok: true, value: { pm2Home: "/home/u/.pm2", outside: "none" } });
  });
});

describe("one that was named", () => {
  test("says which PM2 is meant, whatever PM2_HOME says", async () => {
    const read = await settingsOf({ config: "named.yaml" }, { named: FILE, env: { PM2_HOME: "/home/u/.pm2" } });
    expect(read).toEqual({ ok: true, value: { pm2Home: "/srv/pm2", outside: "orphans" } });
  });

  test("and says nothing of it leaves PM2_HOME to say so", async () => {
    const named = FILE.replace("pm2_home: /srv/pm2\n", "");
    const read = await settingsOf({ config: "named.yaml" }, { named, env: { PM2_HOME: "/home/u/.pm2" } });
    expect(read).toMatchObject({ value: { pm2Home: "/home/u/.pm2" } });
  });

  test.each([
    ["wrong", "mode: heel", "named.yaml:1"],
    ["not there", "", "named.yaml, which does not exist"],
  ])("and is %s is an error that names it", async (_what, named, words) => {
    expect(await settingsOf({ config: "named.yaml" }, { named, lying: FILE })).toEqual({
      ok: false,
      error: expect.stringContaining(words) as string,
    });
  });
});
