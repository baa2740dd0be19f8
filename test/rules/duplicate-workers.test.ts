import { describe, expect, it } from "vitest";
import type { OutsideCopy } from "../../src/core/copy.ts";
import type { Epoch, TargetView } from "../../src/core/judgement.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import type { GroupCopy, GroupWorker } from "../../src/core/trim-plan.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { outsideCopy } from "../support/outside-copy.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";

const NOW = 10_000_000;
const HOUR = 3_600_000;
const ONE: Partial<Knobs> = { maxWorkers: 1, trimOutside: "orphans" };

function row(pmId: number, upMs: number, change: Partial<WorkerRow> = {}): GroupWorker {
  const all = workerRow({ pmId, name: "app", script: "/srv/app.js", pid: 100 + pmId, ...change });
  return { id: `app:${pmId}`, row: all, readyAtMs: NOW - upMs };
}

function copy(pid: number, upMs: number, change: Partial<OutsideCopy> = {}): GroupCopy {
  return { copy: outsideCopy({ pid, startTicks: pid, ...change }), startedAtMs: NOW - upMs };
}

interface Running {
  readonly workers: readonly GroupWorker[];
  readonly copies?: readonly GroupCopy[];
  readonly copiesAtMs?: number | null;
}

function asked({ workers, copies = [], copiesAtMs = NOW }: Running, knobs: Partial<Knobs> = ONE, epoch: Epoch = EPOCH) {
  const rule = bindRule("duplicate-workers", {}, knobs);
  const memory = JSON.parse(JSON.stringify(rule.fresh(epoch))) as unknown;
  const view: TargetView = viewOf({ id: "app", kind: "group", nowMs: NOW, row: null, group: { workers, copies, copiesAtMs } });
  const judgement = rule.judge(memory, view);
  return {
    judgement,
    verdict: rule.verdict(memory, view),
    words: rule.describe(memory, view, judgement),
    flip: rule.flip(memory, view, judgement),
  };
}

/** pm_id 0 for an hour, pm_id 1 since. */
function pair(youngerUpMs: number): Running {
  return { workers: [row(0, HOUR), row(1, youngerUpMs)] };
}

describe("duplicate-workers", () => {
  it("asks for a trim of the app, also in a grace period: the youngest of too many is always in one", () => {
    expect(bindRule("duplicate-workers")).toMatchObject({ scope: "group", action: "trim", actsInGrace: true, observeOnly: false });
  });

  it("is another rule, with an epoch of its own, as soon as an edit changes what it counts", () => {
    const of = (change: Partial<Knobs>): string => bindRule("duplicate-workers", {}, { ...ONE, ...change }).fingerprint;
    const changes: Partial<Knobs>[] = [{}, { maxWorkers: 2 }, { trimOutside: "all" }, { trimAfterMs: 61_000 }];
    expect(new Set(changes.map(of)).size).toBe(changes.length);
    expect(of({ gracePeriodMs: 1 }), "and stays the same where it does not").toBe(of({}));
  });

  const cases: readonly [what: string, running: Running, knobs: Partial<Knobs>, judged: object][] = [
    ["one where one may be", { workers: [row(0, HOUR)] }, ONE, { state: "fine", sustained: false, value: null, n: 1 }],
    ["two for 59.999 s", pair(59_999), ONE, { state: "sick", sustained: false, sinceMs: NOW - 59_999, value: 2, n: 2 }],
    ["two for 60 s", pair(60_000), ONE, { state: "sick", sustained: true, sinceMs: NOW - 60_000 }],
    ["two for 60 s, where trim_after_seconds says 90", pair(60_000), { ...ONE, trimAfterMs: 90_000 }, { state: "sick", sustained: false }],
    ["two, where trim_after_seconds is 0", pair(10_000), { ...ONE, trimAfterMs: 0 }, { state: "sick", sustained: true }],
    ["two, one of them too new to be sure who stays", pair(9_999), { ...ONE, trimAfterMs: 0 }, { state: "sick", sustained: false }],
    ["two for 60 s, before anybody has looked for copies", { ...pair(60_000), copiesAtMs: null }, ONE, { sustained: false }],
    ["two for 90 s, and nobody can look for copies", { ...pair(90_000), copiesAtMs: null }, ONE, { sustained: true }],
    ["two for 60 s, where copies stay", { ...pair(60_000), copiesAtMs: null }, { ...ONE, trimOutside: "none" }, { sustained: true }],
    ["two where two may be", pair(HOUR), { ...ONE, maxWorkers: 2 }, { state: "fine" }],
    ["two where any number may be", pair(HOUR), { ...ONE, maxWorkers: null }, { state: "fine", sustained: false, threshold: null }],
    ["one and a stopped one", { workers: [row(0, HOUR), row(1, HOUR, { status: "stopped", pid: null })] }, ONE, { state: "fine", n: 2 }],
    ["one and an orphan", { workers: [row(0, HOUR)], copies: [copy(5001, 60_000)] }, ONE, { state: "sick", sustained: true, value: 2 }],
    [
      "one and somebody else's copy, where only orphans are trimmed",
      { workers: [row(0, HOUR)], copies: [copy(5001, HOUR, { owner: "outside" })] },
      ONE,
      { state: "fine", value: null },
    ],
    [
      "too many that PM2 is configured to run: never, whatever the time",
      { workers: [row(0, HOUR, { configuredInstances: 2 }), row(1, HOUR, { configuredInstances: 2 })] },
      ONE,
      { state: "sick", sustained: false },
    ],
    [
      "an orphan beside a row of 5 s, which has to prove itself",
      { workers: [row(0, 5_000)], copies: [copy(5001, HOUR)] },
      { ...ONE, trimAfterMs: 0 },
      { state: "sick", sustained: false },
    ],
    [
      "two programs too many, one of them for a minute",
      { workers: [row(0, HOUR), row(1, 5_000), row(2, HOUR, { script: "/b.js" }), row(3, 60_000, { script: "/b.js" })] },
      ONE,
      { state: "sick", sustained: true, sinceMs: NOW - 60_000, value: 4 },
    ],
  ];
  it.each(cases)("of %s makes that judgement", (_what, running, knobs, judged) => {
    expect(asked(running, knobs).judgement).toMatchObject({ threshold: knobs.maxWorkers, unit: "workers", dead: false, ...judged });
  });

  it("knows nothing where nobody has looked at the group", () => {
    const rule = bindRule("duplicate-workers", {}, ONE);
    expect(rule.judge(rule.fresh(EPOCH), viewOf({ kind: "group", nowMs: NOW })).state).toBe("unknown");
  });

  it("does not act on how long they had been there when an edit made them too many", () => {
    const edited = (agoMs: number): Epoch => ({ ...EPOCH, atMs: NOW - agoMs });
    expect(asked(pair(HOUR), ONE, edited(59_999)).judgement).toMatchObject({ state: "sick", sustained: false, sinceMs: NOW - 59_999 });
    expect(asked(pair(HOUR), ONE, edited(60_000)).judgement).toMatchObject({ sustained: true });
    expect(asked(pair(HOUR), ONE, edited(20_000)).flip).toBe("would be trimmed in 40 s");
  });

  it("calls a trim recovered when nobody is too many any more, and failed as long as somebody is", () => {
    expect(asked({ workers: [row(0, HOUR)] }).verdict).toBe("recovered");
    expect(asked(pair(1_000)).verdict).toBe("failed");
    const young = { workers: [row(0, 1_000)], copies: [copy(5001, HOUR)] };
    expect(asked(young).verdict, "also where it would not be safe to act").toBe("failed");
  });
});

describe("duplicate-workers, in words", () => {
  it.each([
    [
      "who they are, for how long, and who goes",
      { workers: [row(0, HOUR), row(1, 90_000)], copies: [copy(5001, 30_000)] },
      ONE,
      "3 workers where 1 may be, for 1 m 30 s: pm_id 1 (pid 101), orphan pid 5001, pm_id 0 (pid 100); too many: orphan pid 5001, pm_id 0 (pid 100)",
    ],
    ["how many run where nobody is too many", { workers: [row(0, HOUR)] }, ONE, "1 worker runs, at most 1 may be"],
    [
      "copies that count among those",
      { workers: [row(0, HOUR)], copies: [copy(5001, 1)] },
      { ...ONE, maxWorkers: 3 },
      "2 workers run, at most 3 may be",
    ],
    [
      "copies that are reported only, where nobody is too many",
      { workers: [row(0, HOUR)], copies: [copy(5001, HOUR), copy(5002, HOUR, { owner: "outside" })] },
      { maxWorkers: 1, trimOutside: "none" },
      "1 worker runs, at most 1 may be; besides 2 outside PM2, reported only (trim_outside: none)",
    ],
    [
      "copies that are reported only, beside some that go",
      {
        workers: [row(0, HOUR)],
        copies: [
          copy(5001, 60_000),
          copy(5002, HOUR, { owner: "outside" }),
          copy(5003, HOUR, { owner: "other_daemon" }),
          copy(5004, HOUR, { untouchable: "its working directory is /root, not /srv" }),
        ],
      },
      ONE,
      "2 workers where 1 may be, for 1 m: pm_id 0 (pid 100), orphan pid 5001; too many: orphan pid 5001; besides 3 outside PM2, reported only (trim_outside: orphans)",
    ],
    [
      "each of two programs under one name",
      { workers: [0, 1, 2, 3].map((pmId) => row(pmId, HOUR, pmId > 1 ? { script: "/b.js" } : {})) },
      ONE,
      "2 workers where 1 may be, for 1 h: pm_id 1 (pid 101), pm_id 0 (pid 100); too many: pm_id 0 (pid 100); " +
        "2 workers where 1 may be, for 1 h: pm_id 3 (pid 103), pm_id 2 (pid 102); too many: pm_id 2 (pid 102)",
    ],
  ] as const)("says %s", (_what, running, knobs, words) => {
    expect(asked(running, knobs).words).toBe(words);
  });

  it.each([
    ["nobody is too many", { workers: [row(0, HOUR)] }, "would be trimmed if more than 1 ran for 1 m"],
    ["they have not stood", pair(18_000), "would be trimmed in 42 s"],
    ["they have stood", pair(61_000), "clears when they are ended"],
    [
      "the one to keep is young",
      { workers: [row(0, 4_000)], copies: [copy(5001, HOUR)] },
      "would be trimmed, but: pm_id 0 (pid 100) has only been up for 4 s, and would be one to keep",
    ],
    [
      "PM2 is configured to run them",
      { workers: [row(0, HOUR, { configuredInstances: 3 }), row(1, HOUR)] },
      "would be trimmed, but: PM2 is configured to run 3 of it, and 1 may be: one of the two is a slip",
    ],
  ] as const)("says what would change it where %s", (_what, running, flip) => {
    expect(asked(running).flip).toBe(flip);
  });

  it("speaks of the program it can act on, not of the one it cannot", () => {
    const slip = [row(0, HOUR, { configuredInstances: 2 }), row(1, HOUR, { configuredInstances: 2 })];
    const other = (youngerUpMs: number) => [row(2, HOUR, { script: "/b.js" }), row(3, youngerUpMs, { script: "/b.js" })];
    expect(asked({ workers: [...slip, ...other(HOUR)] })).toMatchObject({
      judgement: { sustained: true },
      flip: "clears when they are ended",
    });
    expect(asked({ workers: [...slip, ...other(20_000)] }).flip).toBe("would be trimmed in 40 s");
  });
});
