import { HEADROOM, nextCusum, type Alternative, type Increments } from "./cusum.ts";
import type { Outcomes } from "./window.ts";

/** A CUSUM, and the tasks since it last stood at 0: the stretch that speaks against the worker. */
export interface Climb {
  readonly sum: number;
  readonly ok: number;
  readonly failed: number;
}

export const LEVEL: Climb = { sum: 0, ok: 0, failed: 0 };

/** A CUSUM with what it has to reach. A design effect raises that, which is the same as making every task count less. */
export interface PricedClimb extends Climb {
  readonly increments: Increments;
  /** From here on the rate is proven too low. Infinite: this one does not count. */
  readonly threshold: number;
  /** A proof once made stands until the sum is below this: it sways by a task or two while it climbs. */
  readonly standing: number;
  /** It climbs no further. */
  readonly limit: number;
}

const SWAY = 2.5; // of a collapse to 20 %, two good tasks in a row do not take the proof back, three do

export function pricedClimb(
  { increments, surcharge }: Alternative,
  { sum, ok, failed }: Climb,
  price: { readonly least: number; readonly asOne: number; readonly counts: boolean },
): PricedClimb {
  const full = price.asOne * (price.least + surcharge);
  const threshold = price.counts ? full : Infinity;
  return { sum, ok, failed, increments, threshold, standing: threshold - SWAY * price.asOne, limit: full + HEADROOM * price.asOne };
}

export function climbAfter(before: PricedClimb, counted: Outcomes): Climb {
  const sum = nextCusum(before.sum, counted, before);
  return sum > 0 ? { sum, ok: before.ok + counted.ok, failed: before.failed + counted.failed } : LEVEL;
}

export function isStanding({ sum, standing }: PricedClimb): boolean {
  return sum > 0 && sum >= standing;
}

/** The one that is nearest to its threshold, or farthest beyond. */
export function foremostOf([one, other]: readonly [PricedClimb, PricedClimb]): PricedClimb {
  return other.sum / other.threshold > one.sum / one.threshold ? other : one;
}
