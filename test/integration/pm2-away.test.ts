import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startHealer, type HealerProcess, type HealLine } from "../support/healer.ts";
import { carriers } from "../support/process-scan.ts";
import { startPm2, type RealPm2 } from "../support/real-pm2.ts";
import { until } from "../support/until.ts";
import { nowIso, pause } from "./stage.ts";

// The tests of a block tell one story, in order: PM2's daemon comes and goes under one healer.

const LINGER_MS = 4000; // long enough for a turn, and for a heal that must not happen

function configuration(home: string): string {
  return `version: 1
mode: heal
interval: 1s
pm2_home: ${home}
defaults: {grace_period_seconds: 2, max_heals_per_hour: 60, advanced: {backoff: {base: 1, max: 2}, budget: {tokens: 50, refill_seconds: 1}}}
strategies:
  - {name: all, match: {app: "*"}, rules: [{rule: frozen, for: 3s}]}
api: false
`;
}

describe("while PM2's daemon is away, healer", { timeout: 60_000 }, () => {
  let pm2: RealPm2;
  let healer: HealerProcess;

  beforeAll(async () => {
    pm2 = await startPm2();
    await pm2.killDaemon();
    for (const socket of ["rpc.sock", "pub.sock"]) rmSync(join(pm2.home, socket), { force: true });
    healer = await startHealer({ pm2Home: pm2.home, yaml: configuration(pm2.home) });
  }, 60_000);

  afterAll(async () => {
    await healer?.dispose();
    await pm2?.dispose();
  }, 60_000);

  const since = (from: string, event: string): readonly HealLine[] =>
    healer.lines().filter((line) => line.ts >= from && line.event === event);
  const event = (name: string, from: string, deadlineMs = 30_000): Promise<HealLine> =>
    healer.waitFor((line) => line.event === name && line.ts >= from, { deadlineMs, what: name });
  const daemons = (): readonly string[] =>
    carriers(`PM2_HOME=${pm2.home}`)
      .map(({ command }) => command)
      .filter((command) => command.includes("God Daemon"));

  async function freeze(name: string): Promise<number> {
    const row = (await pm2.list()).find((each) => each.name === name);
    await until(() => Date.now() - (row?.startedWallMs ?? Number.NaN) > 3000, `${name} to be past its grace period`);
    process.kill(row?.pid ?? 0, "SIGSTOP");
    return row?.pid ?? 0;
  }

  async function expectHeals(name: string): Promise<void> {
    const from = nowIso();
    const pid = await freeze(name);
    const verdict = await healer.waitFor((line) => line.event === "heal_verdict" && line.ts >= from, { deadlineMs: 40_000 });
    expect(verdict).toMatchObject({ target: `${name}:0`, verdict: "recovered" });
    expect((await pm2.list()).find((each) => each.name === name)?.pid).not.toBe(pid);
  }

  test("says in one line that there is none, starts none, and heals as soon as one is there", async () => {
    const lost = await event("pm2_lost", "");
    expect(lost.reason).toContain(`no PM2 daemon at ${pm2.home}/rpc.sock`);
    await pause(LINGER_MS);
    expect(since("", "pm2_lost")).toHaveLength(1);
    expect(daemons()).toEqual([]);
    await pm2.startDaemon();
    await pm2.start({ name: "first", script: "idle.mjs" });
    await event("pm2_back", "");
    await expectHeals("first");
  });

  test("forgets what it was about to do when the daemon is killed, and leaves what runs under the same pm_ids alone", async () => {
    const from = nowIso();
    await freeze("first");
    await healer.waitFor((line) => line.event === "heal_intent" && line.ts >= from);
    await pm2.killDaemon();
    const lost = await event("pm2_lost", from);
    expect(lost.reason).toMatch(/nothing will be healed until it answers$/);
    await pause(LINGER_MS);
    expect(since(from, "pm2_lost")).toHaveLength(1);
    await pm2.startDaemon();
    const rows = await pm2.start({ name: "second", script: "idle.mjs" });
    expect(rows.map(({ pmId }) => pmId)).toEqual([0]);
    expect(await event("pm2_back", from)).toMatchObject({ replaced: true });
    const back = nowIso();
    await pause(LINGER_MS);
    expect(since(back, "heal_intent")).toEqual([]);
    expect((await pm2.list()).map(({ name, restarts }) => ({ name, restarts }))).toEqual([{ name: "second", restarts: 0 }]);
    await expectHeals("second");
  });

  test("says in one line that a stopped daemon does not answer, and heals once when it goes on", async () => {
    const from = nowIso();
    const before = (await pm2.row(0))?.restarts ?? 0;
    await freeze("second");
    process.kill(pm2.daemonPid, "SIGSTOP");
    const lost = await event("pm2_lost", from, 40_000);
    expect(lost.reason).toMatch(/did not answer/);
    await pause(LINGER_MS);
    expect(since(from, "pm2_lost")).toHaveLength(1);
    process.kill(pm2.daemonPid, "SIGCONT");
    await event("pm2_back", from, 40_000);
    await until(async () => (await pm2.row(0))?.restarts === before + 1, "the frozen worker to be restarted", 30_000);
    await pause(LINGER_MS);
    expect((await pm2.row(0))?.restarts).toBe(before + 1);
  });
});

describe.runIf(process.getuid?.() === 0)("beside a PM2 of another user, healer", { timeout: 60_000 }, () => {
  const NOBODY = 65_534;

  test("says whose it is and as whom it runs, in one line, and does nothing", async () => {
    const pm2 = await startPm2();
    await pm2.start({ name: "theirs", script: "idle.mjs" });
    const healer = await startHealer({ pm2Home: pm2.home, yaml: configuration(pm2.home), uid: NOBODY });
    try {
      const lost = await healer.waitFor((line) => line.event === "pm2_lost");
      expect(lost.reason).toMatch(/^no access to .*: it belongs to uid 0.*, healer runs as uid 65534/);
      await pause(LINGER_MS);
      expect(healer.lines().filter((line) => line.event === "pm2_lost")).toHaveLength(1);
      expect((await pm2.list()).map(({ restarts }) => restarts)).toEqual([0]);
    } finally {
      await healer.dispose();
      await pm2.dispose();
    }
  });
});
