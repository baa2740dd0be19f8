import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Control } from "../../src/core/control.ts";
import { bindRealRules } from "../support/core-real-rules.ts";
import { anyDeed, crowdedDeed, DEED_APPS, replacingDeed } from "../support/core-deeds.ts";
import { KNOBS } from "../support/core-policy.ts";
import { CoreWitness } from "../support/core-witness.ts";
import { CoreWorld } from "../support/core-world.ts";
import { scriptedRule, stormRule, type Script } from "../support/scripted-rules.ts";

/**
 * Worlds drawn at random: symptoms, crashes, operators, PM2 lost and replaced, actions that fail or never answer, journals
 * that cannot be written, daemons that die at any effect boundary. After every step the invariants hold, and once the
 * faults are over every worker comes back. fast-check prints the seed of a failure; HEALER_SEED tries others.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;

const LADDERS: readonly string[][] = [["restart", "stop-start"], ["restart"], ["stop-start"], ["replace"], ["restart", "replace"]];

const lifeOf = (deed: typeof anyDeed, ladders: readonly string[][] = LADDERS) =>
  fc.record({
    actions: fc.constantFrom(...ladders),
    maxUnavailable: fc.constantFrom({ percent: 20 }, { percent: 50 }, { count: 2 }),
    gracePeriodMs: fc.constantFrom(10_000, 60_000, 180_000),
    onOpen: fc.constantFrom("leave" as const, "stop" as const),
    threshold: fc.constantFrom(1, 2, 3),
    maxWorkers: fc.constantFrom(null, 1, 3, 6),
    trimOutside: fc.constantFrom("none" as const, "orphans" as const, "all" as const),
    deeds: fc.array(fc.tuple(deed, fc.constantFrom(0, 1000, 4000, 20_000, 90_000, 400_000)), {
      minLength: 10,
      maxLength: 50,
      size: "max",
    }),
  });

type Life = ReturnType<typeof lifeOf> extends fc.Arbitrary<infer Shape> ? Shape : never;

function live({ actions, gracePeriodMs, threshold, deeds, ...drawnKnobs }: Life): { world: CoreWorld; watch: CoreWitness } {
  const scripts = new Map<string, Script>();
  const rate = scriptedRule(scripts, { key: "rate", scope: "tasks" });
  const workersOnly = scriptedRule(scripts);
  const knobs = { ...KNOBS, ...drawnKnobs, gracePeriodMs, consecutiveFailuresThreshold: threshold };
  const world = new CoreWorld({
    apps: DEED_APPS,
    rules: [workersOnly, stormRule(), rate, ...bindRealRules(knobs).filter(({ name }) => name === "duplicate-workers")],
    knobs,
    strategy: { actions, selector: { apps: ["*"], namespace: null, exclude: ["stranger"] } },
  });
  for (const [id, script] of scripts) world.scripts.set(id, script);
  Object.assign(world, { scripts, turnMs: 4000 });
  world.copies = [];
  world.pm2.add("stranger");
  world.pm2.add("pm2-module", { isModule: true });
  const self = world.pm2.add("healer");
  Object.assign(world, { selfPids: [self.pid] });
  world.kill();
  world.boot();
  const watch = new CoreWitness(world);
  for (const [deed, thenMs] of deeds) {
    if (world.daemon === null) {
      watch.daemonDied();
      world.boot();
    }
    deed.does(world, watch.stopped);
    world.advance(thenMs);
  }
  return { world, watch };
}

/** The faults are over, everybody is well; up to two days pass. */
function calmDown(world: CoreWorld, watch: CoreWitness): void {
  world.faults = { journal: null, action: "ok", takesMs: 500, confirmTakesMs: 0, diesAfter: null };
  world.pm2.lost = null;
  if (world.daemon === null) {
    watch.daemonDied();
    world.boot();
  }
  world.scripts.clear();
  world.setPolicy({ ...world.policy, strategies: world.policy.strategies.map((strategy) => ({ ...strategy, mode: "heal" as const })) });
  world.command({ name: "resume", target: null });
  for (const row of world.pm2.rows.values()) world.pm2.revive(row);
  world.turnMs = 30_000;
  world.advance(MINUTE);
  for (let waitedMs = 0; waitedMs < 2 * DAY && unwell(world, watch).length > 0; waitedMs += 10 * MINUTE) world.advance(10 * MINUTE);
}

/** Who is down although no operator stopped it, or still in some state other than healthy. */
function unwell(world: CoreWorld, { stopped }: CoreWitness): string[] {
  const rows = [...world.pm2.rows.values()].filter((row) => row.pid === null && !stopped.has(`${row.name}:${row.instance}`));
  const isOperators = (id: string, { phase }: Control): boolean => stopped.has(id) && phase.name === "open" && phase.heal === null;
  const twins = [...world.pm2.rows.values()].filter((row, _index, all) =>
    all.some((other) => other.pmId < row.pmId && other.name === row.name && other.instance === row.instance),
  );
  const targets = [...world.state.targets.values()].filter(
    ({ id, control }) => control.phase.name !== "healthy" && !isOperators(id, control),
  );
  return [
    ...rows.map(({ name, instance, status }) => `${name}:${instance} ${status}`),
    ...twins.map(({ name, instance, pmId }) => `${name}:${instance} twice, pm_id ${pmId}`),
    ...targets.map(({ id, control }) => `${id} ${control.phase.name}`),
  ];
}

const RUNS = {
  seed: Number(process.env["HEALER_SEED"] ?? 20_261_122),
  numRuns: Number(process.env["HEALER_RUNS"] ?? 150),
  interruptAfterTimeLimit: 25_000,
  endOnFailure: process.env["HEALER_SHRINK"] === undefined,
};

describe("whatever happens", { timeout: 120_000 }, () => {
  test.each([
    ["of any kind", anyDeed, LADDERS],
    ["among copies and rows too many", crowdedDeed, LADDERS],
    ["among replacements", replacingDeed, [["replace"]]],
  ] as [string, typeof anyDeed, readonly string[][]][])(
    "%s: the invariants hold, every intent gets its outcome, and every worker that healer stopped comes back",
    (_what, deed, ladders) => {
      fc.assert(
        fc.property(lifeOf(deed, ladders), (drawn) => {
          const { world, watch } = live(drawn);
          calmDown(world, watch);
          expect(unwell(world, watch)).toEqual([]);
          if (!watch.invariants.books.journalHasFailed) expect(withoutOutcome(world)).toEqual([]);
        }),
        RUNS,
      );
    },
  );
});

function withoutOutcome(world: CoreWorld): (string | null)[] {
  const ids = (kind: string): (string | null)[] => world.journal.filter((record) => record.kind === kind).map(({ healId }) => healId);
  const ended = new Set(ids("outcome"));
  return ids("intent").filter((id) => !ended.has(id));
}
