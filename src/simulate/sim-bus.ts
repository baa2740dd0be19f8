import type { Pm2View } from "../core/observation.ts";
import type { SimPm2 } from "./sim-pm2.ts";

const QUIET_TURNS_MAX = 20; // a list is read every so often, whatever the bus says

/** PM2's bus: says when a list is worth reading, as `daemon/pm2-watch.ts` hears it. */
export class SimBus {
  readonly #pm2: SimPm2;
  #heard = -1;
  #quietTurns = 0;

  constructor(pm2: SimPm2) {
    this.#pm2 = pm2;
  }

  /** The list, or why there is none; null = nothing can have changed. */
  news(): Pm2View | string | null {
    const { changes, lost } = this.#pm2;
    if (changes === this.#heard && lost === null && ++this.#quietTurns < QUIET_TURNS_MAX) return null;
    this.#heard = changes;
    this.#quietTurns = 0;
    return this.#pm2.view();
  }
}
