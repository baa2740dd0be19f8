import { expect, test } from "vitest";
import type { State } from "../../src/core/state.ts";
import { createControlPlane, type DaemonFacts } from "../../src/daemon/control-plane.ts";
import { RecentRecords } from "../../src/daemon/recent-records.ts";
import { engineStage, type EngineStage } from "../support/engine-stage.ts";

const CONFIG = { file: "h.yaml", hash: "0123456789ab", loaded_at: "2026-11-22T00:00:00.000Z", rejected: null };

async function plane(facts: Partial<DaemonFacts> = {}) {
  const stage: EngineStage = engineStage();
  await stage.turn();
  const made = createControlPlane(stage.engine, new RecentRecords(), {
    ...{ version: "1", user: "app", home: "/h", pm2Home: "/pm2", startedWallMs: 0, url: () => null, host: () => null },
    ...{ config: () => CONFIG, lastTurnAtMs: () => stage.state.nowMs, nowMs: () => stage.state.nowMs, diskTroubles: () => [] },
    ingest: () => ({ ok: true, value: null }),
    shownConfig: () => ({ settings: [], warnings: [] }),
    ...{ curve: () => null, tasks: () => [], evidence: () => ({ ok: true, value: [] }), onTurn: () => () => {} },
    tryNotifiers: () => Promise.resolve({ ok: true, value: [] }),
    ...facts,
  });
  return { plane: made, state: stage.state, stage };
}

const MINUTE_MS = 60_000;

test.each<[string, (state: State) => void, string | null]>([
  ["nothing", () => {}, null],
  ["a lost PM2", (state) => (state.pm2 = { name: "lost", reason: "gone", sinceMs: 0, generation: null }), "PM2 is not there: gone"],
  ["a journal", (state) => (state.journalError = { reason: "EIO", retryAtMs: null }), "the journal cannot be trusted: EIO"],
  ["4 minutes blind", (state) => goBlind(state, 4), null],
  ["6 minutes blind", (state) => goBlind(state, 6), "http-probe:all has been blind for 6 m: no PORT"],
  ["an open circuit", openCircuit, "app:0: circuit open"],
  ["an incident", openIncident, "app: an incident is open (canary)"],
])("%s: a person is told %s needs one", async (_what, change, reason) => {
  const { plane: made, state } = await plane();
  change(state);
  const needs = made.status().needs_person;
  expect(needs).toEqual(reason === null ? [] : [expect.stringContaining(reason)]);
});

test("a refused configuration and a disk that takes nothing need a person, too", async () => {
  const { plane: made } = await plane({ config: () => ({ ...CONFIG, rejected: "mode: heel" }), diskTroubles: () => ["ENOSPC"] });
  expect(made.status().needs_person).toEqual(["ENOSPC", "the edited configuration was refused: mode: heel"]);
});

test("is healthy until five turns were missed, whatever the clock on the wall says, and never before the first", async () => {
  let nowMs = 100_000;
  const healthyAt = async (lastTurnAtMs: number | null): Promise<boolean> => {
    const { plane: made, stage } = await plane({ lastTurnAtMs: () => lastTurnAtMs, nowMs: () => nowMs });
    stage.clock.setWall(0);
    return made.isHealthy();
  };
  expect(await healthyAt(null)).toBe(false);
  nowMs = 110_900; // five turns of 2 s, and a second
  expect(await healthyAt(100_000)).toBe(true);
  nowMs = 111_100;
  expect(await healthyAt(100_000)).toBe(false);
});

test("names the sensor and the target of a blindness apart", async () => {
  const { plane: made, state } = await plane();
  goBlind(state, 1);
  expect(made.status().blind).toEqual([{ sensor: "http-probe:all", target: "app:0", reason: "no PORT", for_ms: MINUTE_MS }]);
});

function goBlind(state: State, minutes: number): void {
  const sinceMs = state.nowMs - minutes * MINUTE_MS;
  state.blind.set("http-probe:all app:0", { sinceMs, reason: "no PORT", target: "app:0", escalated: false });
}

function openCircuit(state: State): void {
  const target = state.targets.get("app:0");
  const untilMs = state.nowMs + MINUTE_MS;
  if (target !== undefined) target.control.phase = { name: "open", untilMs, why: "failures", heal: null, restartedAtMs: null };
}

function openIncident(state: State): void {
  const group = state.groups.get("app");
  const incident = { openedAtMs: 0, wide: true, phase: "canary", canary: "app:0", fails: 0, nextAtMs: 0, quietSinceMs: null } as const;
  if (group !== undefined) group.incident = { ...incident };
}
