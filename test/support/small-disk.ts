import type { Effect } from "../../src/core/effect.ts";
import type { EventBody } from "../../src/core/event.ts";
import { saveState } from "../../src/core/persist.ts";
import type { State } from "../../src/core/state.ts";
import { Invariants } from "../../src/simulate/invariants/invariants.ts";
import { bootedState } from "./core-boot.ts";
import { deepCopy } from "./deep-copy.ts";
import type { SmallWorld } from "./small-world.ts";

/** healer as it starts: from what is on disk. */
export function booted({ policy, selfPids, nowMs, wallMs, snapshot, journal }: SmallWorld): State {
  const later = journal.slice(snapshot?.records ?? 0);
  return bootedState({ policy, selfPids, nowMs, wallMs, snapshot: snapshot === null ? null : JSON.stringify(snapshot.saved), later });
}

export function save(world: SmallWorld): void {
  const saved = deepCopy(saveState(world.state), new Map());
  world.snapshot = { saved, records: world.journal.length, atMs: world.nowMs };
  invariantsOf(world).saved(world.nowMs, "all");
}

/** What healer is told of it, and at once; null = nothing, or later. */
export function write(world: SmallWorld, { record, ack }: Extract<Effect, { type: "journal" }>): EventBody | null {
  const { target, healId } = record;
  if (world.disk === "fails")
    return { type: "journal_failed", ...(ack ? { target, healId } : { target: null, healId: null }), error: "disk full" };
  world.journal.push(record);
  invariantsOf(world).saved(record.atMs, "record");
  if (!ack || healId === null) return null;
  if (!world.isSlow) return { type: "durable", target, healId, pm2: world.pm2.view(world.wallMs) };
  world.confirmed.push({ target, healId });
  return null;
}

export function invariantsOf(world: SmallWorld): Invariants {
  return new Invariants(world, world.books);
}
