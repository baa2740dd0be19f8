import { OPERATOR, PEOPLE, WORKER } from "./small-hands.ts";
import { LONG_MS, MIDDLE_MS, SHORT_MS } from "./small-policy.ts";
import { targetOf, type SmallWorld } from "./small-world.ts";
import type { Letter } from "./state-search.ts";

type SmallLetter = Letter<SmallWorld>;

function passing(name: string, ms: number): SmallLetter {
  return {
    name,
    does(world) {
      world.nowMs += ms;
      world.turn();
    },
  };
}

const TIME = [passing("a moment passes", SHORT_MS), passing("a grace period passes", MIDDLE_MS), passing("a cool-down passes", LONG_MS)];

function flip<Value>(values: Set<Value>, value: Value): void {
  if (!values.delete(value)) values.add(value);
}

/** The probe of a worker fails from now on, or is well again. */
function sickness(number: number): SmallLetter {
  return {
    name: `worker ${number} falls sick or recovers`,
    does(world) {
      const row = [...world.rows.values()][number];
      if (row !== undefined) flip(world.sick, targetOf(row));
    },
  };
}

const SICKNESS = [sickness(0), sickness(1)];

/** The oldest of what PM2 was told comes to its end; of orders to a PM2 that is gone nothing comes but an error. */
function ending(name: string, end: { readonly isDone: boolean; readonly error: string | null; readonly isSilent: boolean }): SmallLetter {
  return {
    name,
    can: ({ ordered, pm2 }) => ordered[0] !== undefined && !(end.isDone && ordered[0].generation !== pm2.generation),
    does(world) {
      const [first, ...others] = world.ordered;
      if (first === undefined) return;
      world.ordered = others;
      const { action, step } = first.effect;
      // Of a healer that has died the second call of two never comes.
      const half = action === "stop-start" && step === "all" && first.isOrphan ? "stop" : step;
      if (end.isDone) world.perform(first.effect, half);
      if (!end.isSilent && !first.isOrphan) world.answer(first.effect, end.error);
    },
  };
}

const ACTIONS = [
  ending("the action succeeds", { isDone: true, error: null, isSilent: false }),
  ending("the action is refused", { isDone: false, error: "PM2 says no", isSilent: false }),
  ending("the action is done, and no answer comes", { isDone: true, error: null, isSilent: true }),
  ending("the action is lost", { isDone: false, error: null, isSilent: true }),
];

const DISK: readonly SmallLetter[] = [
  {
    name: "the disk fails or works again",
    does: (world) => void (world.disk = world.disk === "fails" ? "ok" : "fails"),
  },
  {
    name: "confirmations wait, or come",
    does(world) {
      world.isSlow = !world.isSlow;
      for (let [first] = world.confirmed; first !== undefined && !world.isSlow; [first] = world.confirmed) {
        world.confirmed = world.confirmed.slice(1);
        world.confirm(first);
      }
    },
  },
];

const HEALER: readonly SmallLetter[] = [
  { name: "healer dies", does: (world) => world.die() },
  {
    name: "healer is to die at its next record",
    can: ({ disk }) => disk === "ok",
    does: (world) => void (world.disk = "dies"),
  },
];

const PM2: readonly SmallLetter[] = [
  { name: "PM2 is lost or answers again", does: ({ pm2 }) => void (pm2.isLost = !pm2.isLost) },
  {
    name: "PM2 is replaced",
    does(world) {
      world.pm2.replace(world);
      world.stopped.clear(); // everybody is started
    },
  },
];

/** From few letters, of which long words can be tried, to all of them. */
export const ALPHABETS: Readonly<Record<"heals" | "faults" | "everything", readonly SmallLetter[]>> = {
  heals: [...TIME, ...SICKNESS, ...ACTIONS.slice(0, 2), ...HEALER.slice(0, 1)],
  faults: [...TIME, ...SICKNESS, ...ACTIONS, ...HEALER, ...DISK],
  everything: [...TIME, ...SICKNESS, ...ACTIONS, ...HEALER, ...DISK, ...PM2, ...WORKER, ...OPERATOR, ...PEOPLE],
};
