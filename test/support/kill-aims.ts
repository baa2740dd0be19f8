import { setTimeout as sleep } from "node:timers/promises";
import type { JournalEntry } from "./journal-tail.ts";
import type { KillWorld } from "./kill-world.ts";

/** A moment worth dying at: what it waits for, and how long after that the blow falls at most. */
export interface Aim {
  readonly name: string;
  readonly withinMs: number;
  /** A worker that is made sick for it. */
  readonly provokes?: string;
  /** Looked for in what is new since the aim was taken. */
  readonly sees: (world: KillWorld, since: Since) => boolean;
  /** Restart and strike again within so long: into the recovery of the first blow. */
  readonly againWithinMs?: number;
}

export interface Since {
  readonly entries: number;
  readonly events: number;
}

const LOOK_EVERY_MS = 3;
const WAIT_MAX_MS = 12_000; // a world where nobody is sick for that long is struck anyway

const intent = (world: KillWorld, { entries }: Since): boolean => hasEntry(world, entries, ({ kind }) => kind === "intent");
const noted = (world: KillWorld, { entries }: Since, name: string): boolean =>
  hasEntry(world, entries, ({ kind, note }) => kind === "step" && name in note);

export const AIMS: readonly Aim[] = [
  { name: "anywhere", withinMs: 4000, sees: () => true },
  { name: "intent durable", withinMs: 6, sees: intent },
  { name: "RPC under way", withinMs: 500, sees: intent },
  {
    name: "between stop and start",
    withinMs: 400,
    provokes: "wrapped-a",
    sees: ({ bus }, { events }) =>
      bus.events.slice(events).some(({ name, event, status }) => name.startsWith("wrapped-") && event === "exit" && status === "stopped"),
  },
  { name: "action just done", withinMs: 6, sees: (world, since) => noted(world, since, "acted") },
  { name: "hold-down's backoff", withinMs: 1500, sees: (world, since) => noted(world, since, "stopped") },
  { name: "hold-down's start", withinMs: 200, sees: (world, since) => noted(world, since, "step") },
  { name: "verifying", withinMs: 2500, sees: (world, since) => noted(world, since, "acted") },
  { name: "verdict", withinMs: 6, sees: (world, { entries }) => hasEntry(world, entries, ({ kind }) => kind === "outcome") },
  { name: "recovery", withinMs: 400, sees: intent, againWithinMs: 7000 },
  { name: "boot", withinMs: 400, sees: intent, againWithinMs: 600 },
];

function hasEntry({ journal }: KillWorld, from: number, matches: (entry: JournalEntry) => boolean): boolean {
  return journal.entries.slice(from).some(matches);
}

/** Waits for the aim's moment, then for a random part of `withinMs`. False = it did not come. */
export async function takeAim(world: KillWorld, aim: Aim, random: () => number): Promise<boolean> {
  const since = { entries: world.journal.entries.length, events: world.bus.events.length };
  const endMs = performance.now() + WAIT_MAX_MS;
  if (aim.provokes !== undefined) await world.sicken(aim.provokes);
  let seen = false;
  while (!seen && performance.now() < endMs) {
    world.journal.look();
    seen = aim.sees(world, since);
    if (!seen) await sleep(LOOK_EVERY_MS);
  }
  await sleep(Math.floor(random() * aim.withinMs));
  return seen;
}
