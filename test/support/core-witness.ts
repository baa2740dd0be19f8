import type { OutsideCopy } from "../../src/core/copy.ts";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import type { State } from "../../src/core/state.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { Invariants } from "../../src/simulate/invariants/invariants.ts";
import type { Witness } from "../../src/simulate/invariants/witness.ts";
import type { CoreWorld } from "./core-world.ts";

/** Watches a world and throws the moment one of the decision core's invariants (decision-core §4.4) is broken. */
export class CoreWitness implements Witness {
  readonly invariants = new Invariants(this);
  /** Rows that an operator stopped (app:INSTANCE): they stay down until an operator starts them. */
  readonly stopped = new Set<string>();
  readonly #world: CoreWorld;

  constructor(world: CoreWorld) {
    this.#world = world;
    world.onStep = (event, effects) => this.invariants.check(event, effects);
    const save = world.save.bind(world);
    world.save = () => {
      save();
      this.invariants.saved(world.nowMs, "all");
    };
  }

  /** The next one is compared with what was durable: time of this world never goes back. */
  daemonDied(): void {
    this.invariants.saved(this.#world.nowMs, "record");
    this.invariants.healerDied();
  }

  get state(): State {
    return this.#world.state;
  }

  get rows(): ReadonlyMap<number, WorkerRow> {
    return new Map([...this.#world.pm2.rows].map(([pmId, row]) => [pmId, { ...row }])); // they change in place
  }

  get copies(): readonly OutsideCopy[] | null {
    return this.#world.copies;
  }

  get journal(): readonly JournalRecord[] {
    return this.#world.journal;
  }

  get selfPids(): readonly number[] {
    return this.#world.selfPids;
  }

  isStranger(name: string): boolean {
    return name === "stranger";
  }

  isStoppedByOperator(): boolean {
    return false; // `stopped` goes by numbers, and while one row replaces another two have the same
  }

  ageMs(): null {
    return null; // wall clocks are set here, and nothing keeps another
  }

  isOnDisk(healId: string): boolean {
    return this.journal.some((record) => record.healId === healId);
  }
}
