import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TargetStatus } from "../../src/core/status.ts";
import type { HealLine } from "../support/healer.ts";
import { until } from "../support/until.ts";
import { openStage, pause, signalWorker, type Part, type Stage } from "./stage.ts";

// Each app is restarted for a reason of its own, all at once; then PM2's daemon dies under them.

const IDLE = { script: "idle.mjs" };
const STRATEGY = { rules: [{ rule: "frozen", for: "60s" }], actions: ["restart"] };
const MB_LIMIT = 80;

function partsFor(folder: string): readonly Part[] {
  const watched = join(folder, "watched");
  mkdirSync(watched);
  writeFileSync(join(watched, "idle.mjs"), "setInterval(() => {}, 1000);\n");
  const workers: Readonly<Record<string, Part["workers"]>> = {
    coded: { script: "crash-on-file.mjs" },
    killed: IDLE,
    clustered: { ...IDLE, exec_mode: "cluster" },
    fat: { script: "leak.mjs", max_memory_restart: `${MB_LIMIT}M`, env: { LEAK_MB: "40", LEAK_MAX_MB: "80" } },
    // By polling: the kernel's inotify instances are shared by everybody on a machine, and may all be taken.
    watched: { script: join(watched, "idle.mjs"), cwd: watched, watch: [watched], watch_options: { usePolling: true, interval: 200 } },
    timed: { ...IDLE, cron_restart: "*/10 * * * * *" },
    operated: IDLE,
    healed: IDLE,
  };
  return Object.entries(workers).map(([app, options]) => ({
    app,
    strategy: STRATEGY,
    ...(options === undefined ? {} : { workers: options }),
  }));
}

describe("restarts beside a real PM2", { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "w-"));
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(partsFor(folder), { workerIntervalMs: 1_500 });
  }, 60_000);
  afterAll(async () => {
    await stage?.dispose();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const ended = (app: string, matches: (line: HealLine) => boolean): Promise<HealLine> =>
    stage.waitFor(app, (line) => line.event === "worker_exit" && matches(line), 15_000);
  const commanded = (app: string, since = ""): Promise<HealLine> =>
    stage.waitFor(app, ({ event }) => event === "external_restart", 15_000, since);
  const statusOf = async (app: string): Promise<TargetStatus> => {
    const { json } = await stage.healer.call("GET", `/api/targets/${app}:0`);
    return (json as { readonly status: TargetStatus }).status;
  };
  /** Until PM2 restarts the app: chokidar, which watches for it, takes a change during its first scan for what was there before. */
  const changeWatchedFile = async (): Promise<void> => {
    let changes = 0;
    const restarted = async (): Promise<boolean> => {
      if (changes++ % 50 === 0) writeFileSync(join(folder, "watched", "idle.mjs"), `setInterval(() => {}, ${1_000 + changes});\n`);
      return (await stage.pm2.list()).some(({ name, restarts }) => name === "watched" && restarts > 0);
    };
    await until(restarted, "PM2 to see that a file it watches changed");
  };
  const causes = async (app: string) => (await statusOf(app)).restart_causes?.by_cause;

  test("each is put down to its cause, in the log and in the counts", async () => {
    await until(
      () =>
        causes("healed").then(
          (known) => known !== undefined,
          () => false,
        ),
      "healer to know the workers",
    );
    await pause(2_500); // two turns: then it has listened to PM2's bus from one list to the next
    await signalWorker(stage, "coded", "SIGUSR2");
    await signalWorker(stage, "killed", "SIGKILL");
    await signalWorker(stage, "clustered", "SIGSEGV");
    await changeWatchedFile();
    await stage.pm2.restart("operated");
    await stage.healer.call("POST", "/api/targets/healed%3A0/heal", { action: "restart", force: ["grace"] });

    expect(await ended("coded", () => true)).toMatchObject({
      level: "warn",
      cause: "crash",
      exit_code: 1,
      signal: null,
      exits: 1,
      restarts: 1,
    });
    const killed = await ended("killed", () => true);
    expect(killed).toMatchObject({ cause: "crash", exit_code: 0, signal: "SIGKILL" });
    expect(killed.reason).toMatch(/^ended by SIGKILL after \d+ s, sent neither by PM2 nor by healer; PM2 counts 1 restart$/);
    expect(await ended("clustered", () => true)).toMatchObject({ cause: "crash", signal: "SIGSEGV" });
    const limited = await commanded("fat");
    expect(limited.reason).toContain(`max_memory_restart is ${MB_LIMIT}MB`);
    expect(limited).toMatchObject({ cause: "memory_limit", counted: 1 });
    const watched = await commanded("watched");
    expect(watched.reason).toContain("PM2 watches its files, and idle.mjs changed");
    expect(watched).toMatchObject({ cause: "watch", counted: 1 });
    expect(await commanded("operated")).toMatchObject({ cause: "operator", counted: 1, restarts: 1 });
    const timed = await commanded("timed");
    expect(timed.reason).toContain('its cron pattern "*/10 * * * * *" was due in that second');
    expect(timed).toMatchObject({ cause: "cron", counted: 1 });
    await stage.waitFor("healed", ({ event }) => event === "heal_action", 15_000);

    await signalWorker(stage, "killed", "SIGSEGV");
    await ended("killed", ({ signal }) => signal === "SIGSEGV");
    expect(await statusOf("killed")).toMatchObject({
      restarts: 2,
      restart_causes: { counted: 2, by_cause: { crash: 2 }, ends: { SIGKILL: 1, SIGSEGV: 1 }, last: { cause: "crash", signal: "SIGSEGV" } },
    });
    expect(await causes("coded")).toEqual({ crash: 1 });
    expect(await causes("watched")).toEqual({ watch: 1 });
    expect(await causes("operated")).toEqual({ operator: 1 });
    expect(await causes("healed")).toEqual({ healer: 1 });
  });

  test("every increment of PM2's count is put down to something, also where healer was away", async () => {
    await stage.healer.stop();
    await signalWorker(stage, "coded", "SIGUSR2");
    await stage.pm2.restart("operated");
    await stage.healer.start();
    const known = await ended("coded", ({ restarts }) => restarts === 2);
    expect(known).toMatchObject({ cause: "crash", exit_code: 1 });
    const steady = ["coded", "killed", "clustered", "watched", "operated", "healed"];
    await until(async () => (await statusOf("operated")).restart_causes?.counted === 2, "the operator's second restart");
    for (const row of await stage.pm2.list()) {
      if (!steady.includes(row.name)) continue;
      const { restart_causes: restarts } = await statusOf(row.name);
      expect({ app: row.name, counted: restarts?.counted }).toEqual({ app: row.name, counted: row.restarts });
    }
    expect(await causes("operated")).toEqual({ operator: 2 });
  });

  test("and so is the death of PM2's daemon", async () => {
    await stage.pm2.save();
    await stage.pm2.killDaemon();
    await stage.pm2.startDaemon();
    const from = new Date().toISOString();
    await stage.pm2.resurrect();
    expect(await commanded("operated", from)).toMatchObject({ cause: "daemon", counted: 1 });
    expect((await statusOf("operated")).restart_causes).toMatchObject({ counted: 3, by_cause: { operator: 2, daemon: 1 } });
  });
});
