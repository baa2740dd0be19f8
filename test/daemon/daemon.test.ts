import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ACTIONS } from "../../src/actions/registry.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Daemon } from "../../src/daemon/daemon.ts";
import type { DaemonStatus } from "../../src/daemon/status.ts";
import { openHealLog } from "../../src/record/heal-log.ts";
import { stateHome } from "../../src/record/state-home.ts";
import { systemClock } from "../../src/world/clock/clock.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import type { Pm2Hint } from "../../src/world/pm2/pm2.ts";
import { failingSync, faultyCalls } from "../support/faulty-files.ts";
import { fakeProcesses } from "../support/fake-processes.ts";
import type { HealLine } from "../support/healer.ts";
import { serveHttp } from "../support/http-server.ts";
import { GONE, MemoryPm2 } from "../support/memory-pm2.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

interface Running {
  readonly pm2: MemoryPm2;
  readonly hint: (hint: Pm2Hint) => void;
  readonly edit: (text: string) => void;
  lines(): readonly HealLine[];
  waitFor(what: string, matches: (line: HealLine) => boolean): Promise<HealLine>;
  status(): Promise<DaemonStatus>;
  stop(): Promise<void>;
}

function yaml(options: { app?: string; top?: string; strategy?: string } = {}): string {
  const { app = "web", top = "", strategy = "" } = options;
  return `version: 1\nmode: heal\ninterval: 500ms\napi: false\n${top}strategies:\n  - name: web\n    match: {app: ${app}}\n${strategy}`;
}

/** A whole daemon over a PM2 in memory, with real time and a real disk. */
async function running(
  options: { text?: string; apps?: readonly string[]; isBroken?: () => boolean; prepare?: (pm2: MemoryPm2) => void } = {},
): Promise<Running> {
  const { text = yaml(), apps = ["web"], isBroken = () => false } = options;
  const dir = temporaryDir();
  const file = join(dir, "h.yaml");
  writeFileSync(file, text);
  const compiled = loadConfig(text, { file, env: {} });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error.problems));
  const pm2 = new MemoryPm2();
  for (const app of apps) pm2.rows.add(app);
  options.prepare?.(pm2);
  let hint: Running["hint"] = () => {};
  const files = systemFiles(faultyCalls(failingSync(isBroken)));
  const home = stateHome({ HEALER_HOME: dir });
  const daemon = new Daemon({
    ...{ compiled: compiled.value, text, pm2Home: "/pm2", username: "app", version: "1.2.3", host: "alpha", env: {}, observe: false },
    ...{ files, home, healLog: openHealLog({ files, dir, host: "alpha", stdout: null }), clock: systemClock() },
    ...{ processes: fakeProcesses(), actions: ACTIONS },
    connect: (onHint) => {
      hint = onHint;
      return pm2;
    },
  });
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopped ??= daemon.stop("SIGTERM"));
  onTestFinished(stop);
  await daemon.start();
  const lines = (): readonly HealLine[] => {
    const complete = readFileSync(join(dir, "heal.log"), "utf8").split("\n").slice(0, -1);
    return complete.map((line) => JSON.parse(line) as HealLine);
  };
  return {
    ...{ pm2, lines, stop, hint: (given) => hint(given), edit: (edited) => writeFileSync(file, edited) },
    waitFor: async (what, matches) => {
      await until(() => lines().some(matches), what, 8_000);
      return lines().find(matches) as HealLine;
    },
    status: () => ask(home.socket, "/api/status") as Promise<DaemonStatus>,
  };
}

function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(JSON.parse(text)));
    });
    call.on("error", reject).end();
  });
}

const isNew =
  (target: string) =>
  (line: HealLine): boolean =>
    line.event === "target_new" && line.target === target;

test("says what it watches, tells its status in the promised shape, and says that it stops", async () => {
  const healer = await running();
  await healer.waitFor("the worker", isNew("web:0"));
  await until(async () => (await healer.status()).last_turn_at !== null, "a turn");
  const status = await healer.status();
  expect(Object.keys(status)).toEqual([
    ...["version", "pid", "user", "home", "started_at", "url", "mode", "paused", "interval_ms", "last_turn_at", "config", "pm2"],
    ...["journal_error", "budget", "targets", "queues", "blind", "host", "needs_person"],
  ]);
  expect(status).toMatchObject({
    ...{ version: "1.2.3", user: "app", url: null, mode: "heal", paused: null, interval_ms: 500, journal_error: null },
    ...{ pm2: { state: "up", home: "/pm2", version: "7.0.4", reason: null }, queues: [], blind: [], needs_person: [] },
    config: { rejected: null },
  });
  expect(status.targets.map(({ id }) => id)).toEqual(["web", "web:0"]);
  for (const instant of [status.started_at, status.last_turn_at, status.config.loaded_at, status.pm2.since])
    expect(Math.abs(Date.parse(instant ?? "") - Date.now())).toBeLessThan(60_000);
  await healer.stop();
  expect(healer.lines().map(({ event }) => event)).toEqual(["daemon_start", "target_new", "mode_changed", "daemon_stop"]);
  expect(healer.lines().at(-1)).toMatchObject({ level: "info", reason: "healer stops: SIGTERM; workers are left as they are" });
});

test("an app that an edit selects is watched soon, though PM2 hints at nothing, and one it no longer selects is not", async () => {
  const healer = await running({ apps: ["web", "api"] });
  await healer.waitFor("the worker", isNew("web:0"));
  const lists = healer.pm2.lists;
  healer.edit(yaml({ app: "api" }));
  await healer.waitFor("the other worker", isNew("api:0"));
  expect((await healer.status()).targets.map(({ id }) => id)).toEqual(["api", "api:0"]);
  expect(healer.pm2.lists - lists).toBeLessThanOrEqual(2);
});

test("a probe that an edit adds has the variables it needs when it first looks", async () => {
  let asked = 0;
  const server = await serveHttp((_request, response) => {
    asked++;
    response.end();
  });
  onTestFinished(() => server.close());
  const healer = await running();
  await healer.waitFor("the worker", isNew("web:0"));
  healer.pm2.wantEnv = () => void (healer.pm2.rows.row("web:0").env = { PORT: String(server.port) }); // as the door gives what it is asked for
  healer.edit(yaml({ strategy: '    rules: [{rule: http-probe, url: "http://127.0.0.1:{env.PORT}/", every: 1s, timeout: 1s}]\n' }));
  await until(() => asked > 0, "the probe");
  expect(healer.lines().filter(({ event }) => event === "sensor_blind")).toEqual([]);
});

test("a probe's program that is not there is told as blindness, and is nobody's symptom", async () => {
  const healer = await running();
  await healer.waitFor("the worker", isNew("web:0"));
  healer.edit(
    yaml({ strategy: "    rules: [{rule: exec-probe, argv: [healer-no-such-check], every: 1s, timeout: 1s, failures: 1, startup: 0}]\n" }),
  );
  const { reason } = await healer.waitFor("the blindness", ({ event }) => event === "sensor_blind");
  expect(reason).toBe(
    "exec-probe:web cannot see: there is no program healer-no-such-check in healer's PATH; nothing is concluded from that",
  );
  expect((await healer.status()).blind).toHaveLength(1);
  expect(healer.lines().filter(({ event }) => event === "symptom")).toEqual([]);
});

test("a refused edit needs a person, and no longer once it is mended", async () => {
  const healer = await running();
  healer.edit(yaml({ top: "nonsense: 1\n" }));
  await healer.waitFor("the refusal", ({ event }) => event === "config_rejected");
  expect((await healer.status()).needs_person).toEqual([expect.stringMatching(/^the edited configuration was refused: .*nonsense/)]);
  healer.edit(yaml({ top: "# mended\n" }));
  await healer.waitFor("the mended edit", ({ event }) => event === "config_loaded");
  expect((await healer.status()).needs_person).toEqual([]);
});

test("the edited interval applies", async () => {
  const healer = await running({ text: yaml().replace("500ms", "1m"), prepare: (pm2) => void (pm2.busConnected = false) });
  await until(() => healer.pm2.lists === 1, "the first turn");
  healer.edit(yaml());
  await until(() => healer.pm2.lists >= 4, "turns", 8_000);
});

test("a PM2 that hangs stops nobody from asking healer", async () => {
  const healer = await running({ prepare: (pm2) => void (pm2.busConnected = false) });
  await healer.waitFor("the worker", isNew("web:0"));
  const release = healer.pm2.hang();
  const asked = healer.pm2.lists;
  await until(() => healer.pm2.lists > asked, "a list that hangs");
  expect((await healer.status()).targets).toHaveLength(2);
  release();
});

test("a PM2 that is not there needs a person, until it is back", async () => {
  const healer = await running({ prepare: (pm2) => void (pm2.rows.lost = GONE.message) });
  await healer.waitFor("the loss", ({ event }) => event === "pm2_lost");
  expect((await healer.status()).needs_person).toEqual([`PM2 is not there: ${GONE.message}`]);
  healer.pm2.rows.lost = null;
  await healer.waitFor("PM2 to be back", ({ event }) => event === "pm2_back");
  expect((await healer.status()).needs_person).toEqual([]);
});

test("a disk that takes nothing is told once, needs a person, and ends nothing", async () => {
  let isBroken = false;
  const healer = await running({ isBroken: () => isBroken });
  await healer.waitFor("the worker", isNew("web:0"));
  isBroken = true;
  await until(async () => (await healer.status()).needs_person.length > 0, "a save that fails", 15_000);
  const [need] = (await healer.status()).needs_person;
  expect(need).toContain("state.json could not be written");
  const turnsBefore = (await healer.status()).last_turn_at;
  await until(async () => (await healer.status()).last_turn_at !== turnsBefore, "another turn");
  expect(healer.lines().filter(({ event }) => event === "alert")).toHaveLength(1);
  isBroken = false;
});

test("what it keeps stopped at its end is named, with the command that starts it", async () => {
  const healer = await running({ text: yaml({ strategy: "    grace_period_seconds: 0\n" }) }); // else it waits, the first time it runs
  await healer.waitFor("the worker", isNew("web:0"));
  const row = healer.pm2.rows.row("web:0");
  const crash = setInterval(() => {
    healer.pm2.rows.crash(row);
    healer.hint({ kind: "exit", pmId: row.pmId });
  }, 100);
  await healer
    .waitFor("the hold", ({ event, reason }) => event === "hold" && reason.startsWith("stopped;"))
    .finally(() => clearInterval(crash));
  await healer.stop();
  expect(healer.lines().at(-1)).toMatchObject({
    level: "warn",
    reason:
      "healer stops: SIGTERM; workers are left as they are; stopped by healer, until it runs again or you start them: web:0 (pm2 start 0)",
  });
});
