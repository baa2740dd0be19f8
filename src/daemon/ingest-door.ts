import type { Observation } from "../core/observation.ts";
import { failure } from "../core/outcome.ts";
import type { State } from "../core/state.ts";
import type { ControlPlane } from "./status.ts";

export interface IngestDoorOptions {
  readonly state: State;
  readonly now: () => number;
  readonly deliver: (observations: readonly Observation[]) => void;
}

/** What workers report of themselves, on its way to the next turn. */
export class IngestDoor {
  readonly #options: IngestDoorOptions;
  constructor(options: IngestDoorOptions) {
    this.#options = options;
  }
  take(_kind: "outcomes" | "heartbeat", _body: unknown): ReturnType<ControlPlane["ingest"]> {
    void this.#options;
    return failure("not yet");
  }
}
