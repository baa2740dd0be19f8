import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HEALER_CLI, healLines, type HealLine } from "../support/healer.ts";
import { startPm2, type RealPm2 } from "../support/real-pm2.ts";
import { until } from "../support/until.ts";
import { nowIso } from "./stage.ts";

// healer runs under the very PM2 it watches, as ecosystem.config.js has it, with a rule that finds every process sick: only what a guard
// or PM2's own status protects is left alone.

const GRACE_MS = 5000;

function configuration(home: string): string {
  return `version: 1
mode: heal
interval: 1s
pm2_home: ${home}
defaults: {grace_period_seconds: 5, max_heals_per_hour: 60, advanced: {backoff: {base: 1, max: 2}, budget: {tokens: 50, refill_seconds: 1}}}
strategies:
  - name: all
    match: {app: "*", exclude: [operated]}
    rules: [{rule: http-probe, url: "http://127.0.0.1:9/", every: 1s, failures: 2, startup: 0}, {rule: frozen, for: 2s}]
  - {name: operated, match: {app: operated}, rules: [{rule: frozen, for: 1s}]}
api: false
`;
}

describe("under the PM2 it watches, healer", { timeout: 60_000 }, () => {
  let pm2: RealPm2;
  let dir: string;
  const home = (): string => join(dir, "state");
  const linesOf = (target: string, event: string): readonly HealLine[] =>
    healLines(home()).filter((line) => line.target === target && line.event === event);
  const pidOf = async (name: string): Promise<number> => (await pm2.list()).find((row) => row.name === name)?.pid ?? 0;
  const rowOf = async (name: string) => (await pm2.list()).find((row) => row.name === name);

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "h-"));
    pm2 = await startPm2();
    for (const name of ["control", "ended", "operated"]) await pm2.start({ name, script: "idle.mjs" });
    await pm2.start({ name: "module", script: "idle.mjs" }, true);
    await pm2.start({ name: "stubborn", script: "ignore-sigterm.mjs", kill_timeout: 12_000 });
    await pm2.stop("ended");
    const configFile = join(dir, "healer.config.yaml");
    writeFileSync(configFile, configuration(pm2.home));
    const args = ["run", "-c", configFile];
    await pm2.start({ name: "healer", script: HEALER_CLI, args, exec_mode: "fork", env: { HEALER_HOME: home() } });
    await until(() => healLines(home()).some(({ event }) => event === "daemon_start"), "healer to start");
  }, 60_000);

  afterAll(async () => {
    await pm2?.dispose();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }, 60_000);

  test("never touches itself, a module, nor what its operator stopped, is stopping or starts", async () => {
    const [itself, module] = [await pidOf("healer"), await pidOf("module")];
    process.kill(module, "SIGSTOP");
    process.kill(await pidOf("stubborn"), "SIGSTOP");
    const stopping = pm2.stop("stubborn"); // twelve seconds
    const launching = pm2.start({ name: "launching", script: "idle.mjs", exec_mode: "fork", wait_ready: true, listen_timeout: 12_000 });
    await until(async () => (await rowOf("launching"))?.status === "launching", "a worker that is launching");
    process.kill(await pidOf("launching"), "SIGSTOP");
    const launched = await pidOf("launching");
    await until(() => linesOf("control:0", "heal_action").length > 0, "the worker that may be healed to be healed", 30_000);
    await until(async () => (await rowOf("stubborn"))?.status !== "stopping", "PM2 to have stopped the stubborn one", 30_000);
    const intents = new Set(
      healLines(home())
        .filter(({ event }) => event === "heal_intent")
        .map(({ target }) => target),
    );
    expect([...intents]).toEqual(["control:0"]);
    expect([await pidOf("healer"), await pidOf("module"), await pidOf("launching")]).toEqual([itself, module, launched]);
    expect((await rowOf("ended"))?.status).toBe("stopped");
    expect((await rowOf("stubborn"))?.status).toBe("stopped");
    process.kill(launched, "SIGCONT");
    await Promise.all([stopping, launching]);
    await pm2.remove("launching");
  });

  test("records an operator's restart and leaves the worker a grace period", async () => {
    const from = nowIso();
    await pm2.restart("operated");
    await until(() => linesOf("operated:0", "external_restart").some(({ ts }) => ts >= from), "the restart to be recorded");
    const restarted = await rowOf("operated");
    process.kill(restarted?.pid ?? 0, "SIGSTOP");
    await until(() => linesOf("operated:0", "heal_intent").length > 0, "the frozen worker to be healed", 30_000);
    const intent = linesOf("operated:0", "heal_intent")[0];
    expect(Date.parse(intent?.ts ?? "") - (restarted?.startedWallMs ?? 0)).toBeGreaterThanOrEqual(GRACE_MS);
  });
});
