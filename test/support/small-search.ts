import type { Phase } from "../../src/core/control.ts";
import type { Policy } from "../../src/core/strategy.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { broken } from "../../src/simulate/invariants/witness.ts";
import { digestOf } from "./small-digest.ts";
import { ALPHABETS } from "./small-letters.ts";
import { LONG_MS, MIDDLE_MS, SHORT_MS, smallPolicy } from "./small-policy.ts";
import { SmallWorld, targetOf } from "./small-world.ts";
import { searchStates, type Found, type Search } from "./state-search.ts";

/** Where a search begins; healer has just met two workers that have long run. */
export const STARTS = {
  "one app of two": startOf(smallPolicy(), { app: 2 }),
  "one app of two, both at once": startOf(smallPolicy({ maxUnavailable: { count: 2 } }), { app: 2 }),
  "two apps of one": startOf(smallPolicy({ consecutiveFailuresThreshold: 1, onOpen: "stop" }), { one: 1, two: 1 }),
};

function startOf(policy: Policy, apps: Readonly<Record<string, number>>): () => SmallWorld {
  return () => new SmallWorld(policy, apps);
}

export interface SmallSearch {
  readonly start: keyof typeof STARTS;
  readonly alphabet: keyof typeof ALPHABETS;
  readonly depth: number;
  /** From every state the world must also come to rest once the faults are over. */
  readonly calms: boolean;
}

export function searchOf({ start, alphabet, depth, calms }: SmallSearch): Search<SmallWorld> {
  return {
    start: STARTS[start],
    letters: ALPHABETS[alphabet],
    copy: (world) => world.copy(),
    digest: digestOf,
    depth,
    ...(calms ? { look: calmDown } : {}),
  };
}

export function searchSmall(wanted: SmallSearch): Found {
  return searchStates(searchOf(wanted));
}

const ROUNDS_MAX = 12; // half an hour each; the longest cool-down is an hour, and a trial may find the bucket empty

/** I8 and I17: the faults are over and everybody is well, so every heal ends, and what healer has stopped comes back. */
function calmDown(world: SmallWorld): void {
  world.pm2.isLost = false;
  world.disk = "ok";
  world.sick.clear();
  world.ordered = []; // never to be answered
  world.isSlow = false;
  for (const one of world.confirmed.splice(0)) world.confirm(one);
  if (world.state.globals.paused !== null)
    world.tell({ type: "command", id: 2, by: "operator", command: { name: "resume", target: null } });
  for (let round = 0; round < ROUNDS_MAX && unrest(world).length > 0; round++)
    for (const ms of [SHORT_MS, MIDDLE_MS, LONG_MS]) {
      world.nowMs += ms;
      world.turn();
      answer(world);
    }
  const left = unrest(world);
  if (left.length > 0) broken("I17", `does not come to rest: ${left.join(", ")}`);
}

/** PM2 does what it is told. */
function answer(world: SmallWorld): void {
  for (let [first] = world.ordered; first !== undefined; [first] = world.ordered) {
    world.ordered = world.ordered.slice(1);
    world.perform(first.effect, first.effect.step);
    world.answer(first.effect, null);
  }
}

function unrest(world: SmallWorld): string[] {
  const isDown = (row: WorkerRow): boolean => row.pid === null && !world.stopped.has(row.pmId);
  const rows = [...world.rows.values()].filter(isDown).map((row) => `${targetOf(row)} ${row.status}`);
  const operators = new Set([...world.rows.values()].filter(({ pmId }) => world.stopped.has(pmId)).map(targetOf));
  const isLeft = (phase: Phase, id: string): boolean => phase.name !== "healthy" && !(phase.name === "open" && operators.has(id));
  const targets = [...world.state.targets.values()].filter(({ id, control }) => isLeft(control.phase, id));
  return [...rows, ...targets.map(({ id, control }) => `${id} ${control.phase.name}`)];
}
