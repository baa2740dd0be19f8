/** The rule of src/rules/success-rate.ts behind one small door, and five other rules beside it, each as people build them. */
import { cusumThreshold, incrementsOf, tasksPerDay } from "../../src/core/cusum.ts";
import type { BoundRule, TargetView } from "../../src/core/judgement.ts";
import type { Writable } from "../../src/core/state.ts";
import { addTasks, advanceTasks, createTaskWindows, type TaskWindows } from "../../src/core/task-windows.ts";
import { decay, effectiveCount, type Weighted } from "../../src/core/weighted.ts";
import { wilsonUpper } from "../../src/core/wilson.ts";
import { outcomesWithin, type Outcomes } from "../../src/core/window.ts";
import { bindRule, viewOf } from "../../test/support/rule-bound.ts";

const THETA = 0.7;
const HOUR_MS = 3_600_000;

/** Watches one worker. Asked every turn, as the daemon does; after a heal or a deploy it is told to forget. */
export interface Watcher {
  /** Counts what came in this turn (perhaps nothing); answers whether it would heal now. */
  turn(atMs: number, outcomes: Outcomes): boolean;
  /** A new epoch. */
  forget(atMs: number): void;
}

export interface RuleUnderTest {
  readonly name: string;
  readonly watch: (atMs: number) => Watcher;
}

export const DEFAULT_RULE: RuleUnderTest = { name: "healer's default rule", watch: watchWithDefaultRule };

export const ALTERNATIVES: readonly RuleUnderTest[] = [
  { name: "mean of 1 h, 20 tasks or more", watch: onWindow((hour) => isBelow(hour, 20)) },
  {
    name: "5 min AND 1 h below (SRE)",
    watch: onWindow((hour, windows) => isBelow(hour, 20) && isBelow(outcomesWithin(windows.hour, 300_000), 1)),
  },
  {
    name: "Wilson 95 % of 1 h",
    watch: onWindow((hour) => isBelow(hour, 20) && wilsonUpper(hour.ok, hour.ok + hour.failed, 1.96) < THETA),
  },
  { name: "EWMA 10 min, Wilson 99.9 %", watch: watchWeighted },
  { name: "CUSUM, h = 10", watch: watchWithCusum },
];

/** The rule as decision-core §1.6 has it: one CUSUM against 50 %, every task independent. What the default rule was before. */
export const SPECIFIED_RULE: RuleUnderTest = { name: "the specification's rule", watch: watchAsSpecified };

function watchWithDefaultRule(startMs: number): Watcher {
  const rule: BoundRule = bindRule("success-rate");
  const windows = createTaskWindows(startMs);
  const view: Writable<TargetView> = { ...viewOf(), tasks: windows, nowMs: startMs };
  const epoch = (atMs: number) => ({ atMs, ignoreTasksUntilMs: atMs, forgiveFailures: 0 });
  let memory = rule.fresh(epoch(startMs));
  return {
    turn(atMs, { ok, failed }) {
      view.nowMs = atMs;
      if (ok + failed === 0) advanceTasks(windows, atMs);
      else {
        addTasks(windows, atMs, { ok, failed });
        rule.observe(memory, { kind: "tasks", target: view.id, atMs, ok, failed }, view);
      }
      return rule.judge(memory, view).sustained;
    },
    forget: (atMs) => (memory = rule.fresh(epoch(atMs))),
  };
}

function isBelow({ ok, failed }: Outcomes, atLeast: number): boolean {
  return ok + failed >= atLeast && ok < THETA * (ok + failed);
}

function onWindow(says: (hour: Outcomes, windows: TaskWindows) => boolean): (atMs: number) => Watcher {
  return (startMs) => {
    let windows = createTaskWindows(startMs);
    return {
      turn(atMs, outcomes) {
        if (outcomes.ok + outcomes.failed === 0) advanceTasks(windows, atMs);
        else addTasks(windows, atMs, outcomes);
        return says({ ok: windows.hour.totalOk, failed: windows.hour.totalFailed }, windows);
      },
      forget: (atMs) => (windows = createTaskWindows(atMs)),
    };
  };
}

function watchWeighted(startMs: number): Watcher {
  const empty = (atMs: number): Weighted => ({ halfLifeMs: 600_000, atMs, ok: 0, n: 0, nSquared: 0 });
  let weighted = empty(startMs);
  return {
    turn(atMs, outcomes) {
      if (outcomes.ok + outcomes.failed > 0) weighted = decay(weighted, atMs, outcomes);
      const count = effectiveCount(weighted);
      return count >= 20 && wilsonUpper((weighted.ok / weighted.n) * count, count, 3.09) < THETA;
    },
    forget: (atMs) => (weighted = empty(atMs)),
  };
}

const AGAINST_HALF = incrementsOf(70, 20);

function watchWithCusum(): Watcher {
  let sum = 0;
  return {
    turn(_atMs, { ok, failed }) {
      sum = Math.max(0, sum + ok * AGAINST_HALF.ok + failed * AGAINST_HALF.failed);
      return sum >= 10;
    },
    forget: () => (sum = 0),
  };
}

function watchAsSpecified(startMs: number): Watcher {
  const windows = createTaskWindows(startMs);
  let since = { atMs: startMs, ok: 0, failed: 0, cusum: 0, provenMs: Infinity, lastMs: -Infinity };
  const proves = (within: Outcomes, atLeast: number): boolean =>
    within.ok + within.failed >= atLeast && wilsonUpper(within.ok, within.ok + within.failed, 3.5) < THETA;
  const isProven = (atMs: number): boolean => {
    const count = since.ok + since.failed;
    const [hour, day] = [windows.hour, windows.day].map(({ totalOk, totalFailed }) => ({ ok: totalOk, failed: totalFailed }));
    if (count >= 10 && since.cusum >= thresholdAt(atMs)) return true;
    return proves(atMs - since.atMs < HOUR_MS ? since : hour!, 20) || proves(atMs - since.atMs < 24 * HOUR_MS ? since : day!, 100);
  };
  const thresholdAt = (atMs: number): number => {
    const lastHour = windows.hour.totalOk + windows.hour.totalFailed;
    return cusumThreshold(tasksPerDay({ count: since.ok + since.failed, watchedMs: atMs - since.atMs, lastHour }), 0.1);
  };
  return {
    turn(atMs, outcomes) {
      if (outcomes.ok + outcomes.failed === 0) advanceTasks(windows, atMs);
      else {
        addTasks(windows, atMs, outcomes);
        const climbed = Math.max(0, since.cusum + outcomes.ok * AGAINST_HALF.ok + outcomes.failed * AGAINST_HALF.failed);
        const cusum = Math.min(climbed, thresholdAt(atMs) + 4);
        since = { ...since, ok: since.ok + outcomes.ok, failed: since.failed + outcomes.failed, cusum, lastMs: atMs };
        since.provenMs = isProven(atMs) ? Math.min(since.provenMs, atMs) : Infinity;
      }
      if (atMs - since.provenMs < 60_000 || since.lastMs - since.provenMs < 60_000) return false;
      return isProven(atMs);
    },
    forget: (atMs) => (since = { atMs, ok: 0, failed: 0, cusum: 0, provenMs: Infinity, lastMs: -Infinity }),
  };
}
