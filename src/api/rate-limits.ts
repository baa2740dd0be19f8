interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** One bucket for everybody: who comes over loopback has no address of its own, and four numbers cannot be flooded. */
const RATES = {
  /** A guess a few seconds; the right token is never counted, so its owner is not locked out. */
  wrongTokens: { perSecond: 10 / 60, burst: 10 },
  /** A script that pauses each group of a fleet is let through, a loop is not: each change is a line of the heal log. */
  changes: { perSecond: 2, burst: 60 },
  /** A thousand workers that report once a second. */
  reports: { perSecond: 1_000, burst: 5_000 },
  /** The whole status of a thousand workers costs milliseconds that turns need; people and scrapers ask a few times a second. */
  reads: { perSecond: 50, burst: 200 },
} as const satisfies Record<string, Rate>;

export type Limited = keyof typeof RATES;

/** A bucket of tokens: full at first, filled up steadily. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Null, or how many whole seconds to wait for the next token. `nowMs` never goes back. */
  take(nowMs: number): number | null {
    const { perSecond, burst } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / perSecond);
    this.#tokens -= 1;
    return null;
  }
}

/** What the port takes; the control socket, whose users may end healer anyway, takes everything. */
export class RateLimits {
  readonly #buckets: Readonly<Record<Limited, TokenBucket>>;

  constructor() {
    const bucket = (limited: Limited): TokenBucket => new TokenBucket(RATES[limited], performance.now());
    this.#buckets = { wrongTokens: bucket("wrongTokens"), changes: bucket("changes"), reports: bucket("reports"), reads: bucket("reads") };
  }

  /** Null, or how many seconds to wait. */
  take(limited: Limited): number | null {
    return this.#buckets[limited].take(performance.now());
  }
}
