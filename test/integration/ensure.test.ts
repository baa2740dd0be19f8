import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDump } from "../../src/cli/dumped-apps.ts";
import { ensureApp } from "../../src/cli/ensure-app.ts";
import { addUnlisted } from "../../src/cli/unlisted-app.ts";
import { connectPm2 } from "../../src/world/pm2/connect-pm2.ts";
import { BEGINNINGS, bringTo, ensureAtOnce, ensureOnce, livingOf } from "../support/ensure-race.ts";
import { HEALER_CLI } from "../support/healer.ts";
import { randomFrom } from "../support/prng.ts";
import { isAlive } from "../support/process-scan.ts";
import { scratchFolder, startPm2, type RealPm2 } from "../support/real-pm2.ts";
import { until } from "../support/until.ts";

const WORKERS = resolve(import.meta.dirname, "../fixtures/workers");
const PM2_BIN = resolve(import.meta.dirname, "../../node_modules/.bin");
const CALLERS = 10;
const KILLED_WITHIN_MS = 1500; // from before node has started to after the last caller's turn
const SEED = 20_260_801;

describe("ten callers of healer ensure at once, on real PM2", () => {
  let pm2: RealPm2;
  beforeAll(async () => {
    pm2 = await startPm2();
  });
  afterAll(() => pm2.dispose());

  const listedPids = async (name: string) => (await pm2.list()).filter((row) => row.name === name).map(({ pid }) => pid);

  test.each(BEGINNINGS.flatMap((beginning) => [1, 2].map((instances) => [beginning, instances] as const)))(
    "a %s app of %d processes: as many afterwards, and everybody is content",
    async (beginning, instances) => {
      const name = `race-${beginning}-${instances}`;
      await bringTo(pm2, name, beginning, instances);
      const before = livingOf(name);
      const calls = await ensureAtOnce(pm2, name, CALLERS);
      expect(calls.filter(({ code }) => code !== 0)).toEqual([]);
      expect(calls.filter(({ said }) => said.startsWith("started"))).toHaveLength(beginning === "running" ? 0 : 1);
      const living = livingOf(name);
      expect(living).toHaveLength(instances);
      expect(new Set(await listedPids(name))).toEqual(new Set(living));
      if (beginning === "running") expect(living).toEqual(before);
      await pm2.remove(name);
    },
  );

  test.each(BEGINNINGS)("some of them are killed, and the next one has its turn at once: a %s app", async (beginning) => {
    const name = `killed-${beginning}`;
    const random = randomFrom(SEED + BEGINNINGS.indexOf(beginning));
    await bringTo(pm2, name, beginning);
    const calls = await ensureAtOnce(pm2, name, CALLERS, (caller) => ({
      killAfterMs: caller % 2 === 0 ? random() * KILLED_WITHIN_MS : null,
    }));
    expect(
      calls.filter(({ code }) => code !== 0 && code !== null),
      `seed ${SEED}`,
    ).toEqual([]);
    expect(await ensureOnce(pm2, name)).toMatchObject({ code: 0, said: expect.stringContaining("runs already") as unknown });
    const living = livingOf(name);
    expect(living, `seed ${SEED}`).toHaveLength(1);
    expect(await listedPids(name)).toEqual(living);
    await pm2.remove(name);
  });

  // Without the pause between ensure's two looks, every second of these ends with two processes.
  test.each(["stopped", "dumped"] as const)("a start that a killed caller had just sent is not sent again: a %s app", async (beginning) => {
    for (let round = 0; round < 5; round++) {
      const name = `sent-${beginning}-${round}`;
      await bringTo(pm2, name, beginning);
      await sendStartAndGo(pm2, name);
      expect(await ensureInProcess(pm2, name)).toMatchObject({ ok: true, value: { started: [] } });
      expect(livingOf(name), `round ${round}`).toHaveLength(1);
      await pm2.remove(name);
    }
  });

  test("an app of an ecosystem file, started by PM2's own program: one process", async () => {
    const cwd = scratchFolder(pm2);
    const apps = [{ name: "race-file", script: join(WORKERS, "idle.mjs"), vizion: false }];
    writeFileSync(join(cwd, "ecosystem.config.json"), JSON.stringify({ apps }));
    const calls = await ensureAtOnce(pm2, "race-file", CALLERS, () => ({
      cwd,
      env: { PATH: `${PM2_BIN}${delimiter}${process.env["PATH"]}` },
    }));
    expect(calls.filter(({ code }) => code !== 0)).toEqual([]);
    expect(livingOf("race-file")).toHaveLength(1);
    expect(await listedPids("race-file")).toEqual(livingOf("race-file"));
    await pm2.remove("race-file");
  });

  test("PM2's own program does not go on when the caller is killed", async () => {
    const cwd = scratchFolder(pm2);
    writeFileSync(join(cwd, "pm2"), "#!/bin/sh\necho $$ > pid\nexec sleep 600\n", { mode: 0o755 });
    writeFileSync(join(cwd, "ecosystem.config.json"), '{"apps": [{"name": "never"}]}');
    const pidOfPm2 = (): number => (existsSync(join(cwd, "pid")) ? Number(readFileSync(join(cwd, "pid"), "utf8")) : 0);
    const caller = spawn(process.execPath, [HEALER_CLI, "ensure", "never"], {
      cwd,
      env: { ...process.env, PM2_HOME: pm2.home, PATH: `${cwd}${delimiter}${process.env["PATH"]}` },
      stdio: "ignore",
    });
    await until(() => pidOfPm2() > 0, "pm2 to run");
    caller.kill("SIGKILL");
    await until(() => !isAlive(pidOfPm2()), "pm2 to end");
  });
});

/** What remains of a caller that was killed after it sent its command: the command. */
async function sendStartAndGo(pm2: RealPm2, name: string): Promise<void> {
  const door = connectPm2({ pm2Home: pm2.home, envNames: [] });
  const [view, dump] = [await door.list(), await readDump(pm2.home)];
  const row = view.ok ? view.value.rows.find((each) => each.name === name) : undefined;
  const dumped = dump.ok ? dump.value.find((each) => each.name === name) : undefined;
  void (row === undefined ? door.prepare(dumped?.definition) : door.start(row.pmId, row));
  await new Promise((resolve) => setImmediate(resolve)); // by then it is written
  door.close();
}

/** As the command does it, without the half second that a process takes to get there. */
async function ensureInProcess(pm2: RealPm2, app: string) {
  const door = connectPm2({ pm2Home: pm2.home, envNames: [] });
  const unlisted = { app, pm2: door, pm2Home: pm2.home, cwd: pm2.home, env: {}, file: null };
  try {
    return await ensureApp({ app, pm2: door, whyNot: () => Promise.resolve(null), addToPm2: () => addUnlisted(unlisted) });
  } finally {
    door.close();
  }
}
