import { describe, expect, it } from "vitest";
import type { TargetView } from "../../src/core/judgement.ts";
import { workerRow } from "../support/worker-row.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

const RULE = bindRule("not-running");

function asked(view: Partial<TargetView>, epoch = EPOCH) {
  const memory = RULE.fresh(epoch);
  const whole = viewOf(view);
  const judgement = RULE.judge(memory, whole);
  return { judgement, verdict: RULE.verdict(memory, whole), words: RULE.describe(memory, whole, judgement) };
}

const GHOST = workerRow({ status: "online", pid: null });
const FORGOTTEN = workerRow({ status: "waiting restart", pid: null });

describe("not-running", () => {
  it.each([
    ["online with a process", workerRow(), 600_000, "fine"],
    ["online without a process for 9 s", GHOST, 9999, "fine"],
    ["online without a process for 10 s", GHOST, 10_000, "sick"],
    ["waiting for a restart without a process for 29 s", FORGOTTEN, 29_999, "fine"],
    ["waiting for a restart without a process for 30 s", FORGOTTEN, 30_000, "sick"],
    ["waiting for a restart that is due in 60 s anyway", { ...FORGOTTEN, restartDelayMs: 60_000 }, 80_000, "fine"],
    ["waiting for a restart, still with a process: PM2 is at it", { ...FORGOTTEN, pid: 7 }, 600_000, "fine"],
    ["waiting for ever after an exit that asks for no restart", { ...FORGOTTEN, exitCode: 0, stopExitCodes: [0] }, 600_000, "fine"],
    ["waiting for ever, but told not to restart", { ...FORGOTTEN, autorestart: false }, 600_000, "fine"],
    ["stopped by its operator", workerRow({ status: "stopped", pid: null }), 600_000, "fine"],
    ["launching", workerRow({ status: "launching", pid: null }), 600_000, "fine"],
    ["stopping", workerRow({ status: "stopping", pid: null }), 600_000, "fine"],
    ["errored, which is restart-storm's", workerRow({ status: "errored", pid: null }), 600_000, "fine"],
    ["gone from the list", null, 600_000, "unknown"],
  ] as const)("a row %s is judged so after its time", (_name, row, nowMs, state) => {
    expect(asked({ row, nowMs }).judgement).toMatchObject({ state, dead: state === "sick" });
  });

  it("counts from PM2's last attempt to start it, and from the epoch of a heal", () => {
    expect(asked({ row: GHOST, nowMs: 100_000, startedAtMs: 95_000 }).judgement.state).toBe("fine");
    expect(asked({ row: GHOST, nowMs: 100_000 }, { ...EPOCH, atMs: 95_000 }).judgement.state).toBe("fine");
  });

  it("says what PM2 shows and what there is", () => {
    expect(asked({ row: GHOST, nowMs: 12_000 }).words).toBe(
      "PM2 shows it online for 12 s, but there is no process: it could not be started",
    );
  });

  it.each([
    ["recovered", "it has lived for 10 s", workerRow(), 10_000],
    ["undecided", "it has lived for less", workerRow(), 9000],
    ["failed", "there is still no process", GHOST, 10_000],
  ] as const)("calls a heal %s when %s", (verdict, _why, row, nowMs) => {
    expect(asked({ row, nowMs }).verdict).toBe(verdict);
  });
});
