import fc from "fast-check";
import type { CoreWorld } from "./core-world.ts";
import type { ScriptedRow } from "./scripted-pm2.ts";
import { FINE, SICK, type Script } from "./scripted-rules.ts";

/** Something that happens to a world, with a name for the counterexample. */
export interface Deed {
  readonly what: string;
  readonly does: (world: CoreWorld, stopped: Set<string>) => void;
}

export const DEED_APPS = { app: 3, solo: 1, crowd: 6 } as const;

const MINUTE = 60_000;
const WORKERS = Object.entries(DEED_APPS).flatMap(([name, count]) => Array.from({ length: count }, (_, index) => `${name}:${index}`));
const SCRIPTS: Readonly<Record<string, Script>> = {
  fine: FINE,
  sick: SICK,
  "sick, not sustained": { ...SICK, sustained: false },
  "sick, but the heal helps": { ...SICK, verdict: "recovered" },
  dead: { ...SICK, dead: true },
  elevated: { ...FINE, state: "elevated", verdict: "undecided" },
  unknown: { ...FINE, state: "unknown", verdict: "undecided" },
};

const worker = fc.constantFrom(...WORKERS);

function drawn<Value>(values: fc.Arbitrary<Value>, deedOf: (value: Value) => readonly [string, Deed["does"]]): fc.Arbitrary<Deed> {
  return values.map((value) => {
    const [what, does] = deedOf(value);
    return { what, does, [fc.toStringMethod]: () => what };
  });
}

function constant(what: string, does: Deed["does"]): fc.Arbitrary<Deed> {
  return drawn(fc.constant(null), () => [what, does]);
}

/** Does something to a worker's row, if there is one. */
function onRow(what: string, does: (world: CoreWorld, row: ScriptedRow, stopped: Set<string>) => void): fc.Arbitrary<Deed> {
  return drawn(worker, (id) => [
    `${id} ${what}`,
    (world, stopped) => {
      const row = [...world.pm2.rows.values()].find((candidate) => `${candidate.name}:${candidate.instance}` === id);
      if (row !== undefined) does(world, row, stopped);
    },
  ]);
}

const symptoms = drawn(
  fc.tuple(fc.oneof(worker, fc.constantFrom("app", "crowd")), fc.constantFrom(...Object.keys(SCRIPTS))),
  ([id, script]) => [`${id} looks ${script}`, (world) => void world.scripts.set(id, SCRIPTS[script] ?? FINE)],
);

const crashes = fc.oneof(
  onRow("crashes", (world, row) => world.pm2.crash(row)),
  onRow("crashes four times", (world, row) => {
    for (let crash = 0; crash < 4; crash++) {
      world.pm2.crash(row);
      world.advance(1500);
    }
  }),
  onRow("dies", (world, row) => world.pm2.die(row)),
  onRow("is revived", (world, row) => world.pm2.revive(row)),
  onRow("is given up", (world, row) => {
    if (row.status === "online") world.pm2.giveUp(row);
  }),
);

const operators = fc.oneof(
  onRow("is restarted by an operator", (world, row, stopped) => {
    world.pm2.restart(row);
    stopped.delete(`${row.name}:${row.instance}`);
  }),
  onRow("is stopped by an operator", (world, row, stopped) => {
    if (row.status !== "online") return; // what healer or PM2 is busy with is not the operator's
    world.pm2.stop(row);
    stopped.add(`${row.name}:${row.instance}`);
  }),
  onRow("is deleted", (world, row, stopped) => {
    world.pm2.delete(row);
    stopped.delete(`${row.name}:${row.instance}`);
  }),
  drawn(worker, (id) => [
    `${id} is added`,
    (world) => {
      const [name = "", instance = ""] = id.split(":");
      if (![...world.pm2.rows.values()].some((row) => row.name === name && row.instance === instance)) world.pm2.add(name, { instance });
    },
  ]),
);

const pm2 = fc.oneof(
  constant("PM2 is lost", (world) => void (world.pm2.lost = "no answer")),
  constant("PM2 answers", (world) => void (world.pm2.lost = null)),
  constant("PM2 answers", (world) => void (world.pm2.lost = null)),
  constant("PM2 is replaced", (world, stopped) => {
    world.pm2.replace();
    stopped.clear();
  }),
);

const faults = fc.oneof(
  drawn(fc.constantFrom("ok" as const, "ok" as const, "error" as const, "silent" as const), (action) => [
    `actions: ${action}`,
    (world) => void (world.faults.action = action),
  ]),
  drawn(fc.constantFrom(0, 500, 3000, 12_000), (takesMs) => [`actions take ${takesMs}`, (world) => void (world.faults.takesMs = takesMs)]),
  drawn(fc.constantFrom(0, 500, 3000), (ms) => [`confirmations take ${ms}`, (world) => void (world.faults.confirmTakesMs = ms)]),
  drawn(fc.constantFrom("disk full", null, null), (error) => [`journal: ${error ?? "ok"}`, (world) => void (world.faults.journal = error)]),
);

const daemon = fc.oneof(
  drawn(fc.nat(12), (boundaries) => [`the daemon dies after ${boundaries} effects`, (world) => void (world.faults.diesAfter = boundaries)]),
  constant("the daemon dies", (world) => world.kill()),
  constant("the daemon saves", (world) => {
    if (world.daemon !== null) world.save();
  }),
);

const people = fc.oneof(
  drawn(fc.tuple(worker, fc.constantFrom([], ["grace"], ["in-flight", "grace"])), ([id, force]) => [
    `somebody heals ${id}, forcing ${force.join(" ") || "nothing"}`,
    (world) => void (world.daemon !== null && world.command({ name: "heal", target: id, action: null, force })),
  ]),
  drawn(fc.oneof(worker, fc.constant("app")), (id) => [
    `somebody resets ${id}`,
    (world) => void (world.daemon !== null && world.command({ name: "reset", target: id })),
  ]),
  drawn(fc.oneof(worker, fc.constantFrom("app", null)), (id) => [
    `somebody pauses ${id}`,
    (world) => void (world.daemon !== null && world.command({ name: "pause", target: id, forMs: 10 * MINUTE, reason: "" })),
  ]),
  drawn(fc.oneof(worker, fc.constantFrom("app", null)), (id) => [
    `somebody resumes ${id}`,
    (world) => void (world.daemon !== null && world.command({ name: "resume", target: id })),
  ]),
);

const machine = fc.oneof(
  drawn(fc.integer({ min: -7200, max: 7200 }), (seconds) => [
    `the clock is set by ${seconds} s`,
    (world) => void (world.wallAheadMs += seconds * 1000),
  ]),
  constant("the machine sleeps", (world) => {
    world.wallAheadMs += 30 * MINUTE;
    world.turn(30 * MINUTE);
  }),
  drawn(fc.constantFrom("observe" as const, "heal" as const, "heal" as const), (mode) => [
    `mode ${mode}`,
    (world) => world.setPolicy({ ...world.policy, strategies: world.policy.strategies.map((strategy) => ({ ...strategy, mode })) }),
  ]),
);

/** Who starts what beside PM2, and more of PM2's rows than there should be. */
const duplicates = fc.oneof(
  drawn(
    fc.tuple(
      fc.constantFrom(...Object.keys(DEED_APPS)),
      fc.constantFrom("orphan" as const, "orphan" as const, "outside" as const, "other_daemon" as const),
      fc.constantFrom(null, "0"),
    ),
    ([group, owner, instance]) => [
      `a copy of ${group} appears: ${owner}`,
      (world) => void (world.copies !== null && world.copies.length < 6 && world.addCopy(group, { owner, instance })),
    ],
  ),
  constant("a copy ends", (world) => void world.copies?.shift()),
  constant("a pid is reused", (world) => {
    const [first, ...others] = world.copies ?? [];
    if (first !== undefined) world.copies = [...others, { ...first, startTicks: first.startTicks + 1, startedWallMs: world.wallMs }];
  }),
  drawn(fc.tuple(fc.constantFrom(...Object.keys(DEED_APPS)), fc.constantFrom("7", "8")), ([name, instance]) => [
    `${name}:${instance} is added`,
    (world) => {
      if (![...world.pm2.rows.values()].some((row) => row.name === name && row.instance === instance)) world.pm2.add(name, { instance });
    },
  ]),
  drawn(fc.constantFrom(...Object.keys(DEED_APPS)), (app) => [
    `somebody trims ${app} to one`,
    (world) =>
      void (world.daemon !== null && world.command({ name: "trim", target: app, keep: 1, outside: null, dryRun: false, force: [] })),
  ]),
);

/** Somebody has a worker replaced, and something happens to the older or the newer of the two as soon as there are two. */
function onPair(what: string, which: "older" | "newer", does: (world: CoreWorld, row: ScriptedRow, stopped: Set<string>) => void) {
  return drawn(worker, (id) => [
    `as soon as there are two of ${id}, the ${which} one ${what}`,
    (world, stopped) => {
      if (world.daemon !== null && pairOf(world) === null)
        world.command({ name: "heal", target: id, action: "replace", force: ["grace", "backoff"] });
      for (let waitedMs = 0; waitedMs < MINUTE && pairOf(world) === null; waitedMs += 2000) world.advance(2000);
      const pair = pairOf(world);
      if (pair !== null) does(world, pair[which === "older" ? 0 : 1], stopped);
    },
  ]);
}

function pairOf(world: CoreWorld): readonly [ScriptedRow, ScriptedRow] | null {
  for (const row of world.pm2.rows.values()) {
    const newer = [...world.pm2.rows.values()].find(
      (other) => other.pmId > row.pmId && other.name === row.name && other.instance === row.instance,
    );
    if (newer !== undefined) return [row, newer];
  }
  return null;
}

function stopRow(world: CoreWorld, row: ScriptedRow, stopped: Set<string>): void {
  world.pm2.stop(row);
  stopped.add(`${row.name}:${row.instance}`);
}

const replacements = fc.oneof(
  fc.oneof(
    onPair("crashes three times", "newer", (world, row) => [1, 2, 3].forEach(() => world.pm2.crash(row))),
    onPair("crashes", "newer", (world, row) => world.pm2.crash(row)),
    onPair("dies", "newer", (world, row) => world.pm2.die(row)),
    onPair("is restarted by an operator", "newer", (world, row) => world.pm2.restart(row)),
    onPair("is stopped by an operator", "newer", stopRow),
    onPair("is deleted", "newer", (world, row) => world.pm2.delete(row)),
  ),
  fc.oneof(
    onPair("crashes", "older", (world, row) => world.pm2.crash(row)),
    onPair("is given up", "older", (world, row) => world.pm2.giveUp(row)),
    onPair("is restarted by an operator", "older", (world, row) => world.pm2.restart(row)),
    onPair("is stopped by an operator", "older", stopRow),
    onPair("is deleted", "older", (world, row) => world.pm2.delete(row)),
  ),
  fc.oneof(
    onPair("sees PM2 replaced", "older", (world) => world.pm2.replace()),
    onPair("sees the daemon die", "older", (world) => world.kill()),
    onPair("sees PM2 refuse everything", "older", (world) => void (world.faults.action = "error")),
    onPair("sees PM2 answer nothing", "older", (world) => void (world.faults.action = "silent")),
    onPair("sees the app paused", "older", (world) => {
      if (world.daemon !== null) world.command({ name: "pause", target: null, forMs: 10 * MINUTE, reason: "" });
    }),
  ),
);

/** Workers that are sick most of the time, and things that happen while one of them is being replaced. */
export const replacingDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: symptoms },
  { weight: 8, arbitrary: replacements },
  { weight: 3, arbitrary: daemon },
  { weight: 2, arbitrary: faults },
  { weight: 1, arbitrary: operators },
  { weight: 1, arbitrary: pm2 },
);

export const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: symptoms },
  { weight: 4, arbitrary: crashes },
  { weight: 2, arbitrary: operators },
  { weight: 1, arbitrary: pm2 },
  { weight: 2, arbitrary: faults },
  { weight: 3, arbitrary: daemon },
  { weight: 1, arbitrary: people },
  { weight: 1, arbitrary: machine },
  { weight: 2, arbitrary: duplicates },
);

/** Mostly copies and rows too many, in a world where little else goes on. */
export const crowdedDeed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 10, arbitrary: duplicates },
  { weight: 2, arbitrary: daemon },
  { weight: 2, arbitrary: operators },
  { weight: 1, arbitrary: crashes },
  { weight: 1, arbitrary: faults },
  { weight: 1, arbitrary: machine },
);
