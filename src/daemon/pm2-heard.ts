import type { Heard, Pm2Notice } from "../core/pm2-notice.ts";
import type { Pm2, Pm2Hint } from "../world/pm2/pm2.ts";

const NOTICES_MAX = 10_000; // between two turns
/** An OOM kill shows in the counter before PM2 hears of the death; a large process takes a while to go. */
const OOM_SPAN_MS = 10_000;
const OOM_LOOK_EVERY_MS = 1_000;

interface Look {
  readonly atMs: number;
  readonly kills: number;
}

export interface Pm2HeardParts {
  readonly pm2: Pick<Pm2, "busConnected">;
  readonly nowMs: () => number;
  /** Of the kernel, since the machine started; null = not known. */
  readonly oomKills: () => number | null;
}

/**
 * Gathers what PM2's daemon says of its workers from one turn to the next, and knows when it has missed something. The kernel's
 * count of OOM kills is read once a turn and, where a worker died by SIGKILL, right then: both take some 50 µs.
 */
export class Pm2Heard {
  readonly #parts: Pm2HeardParts;
  #notices: Pm2Notice[] = [];
  #hasGap = true;
  #looks: readonly Look[] = [];

  constructor(parts: Pm2HeardParts) {
    this.#parts = parts;
  }

  hear(hint: Pm2Hint): void {
    if (hint.kind === "bus-lost" || hint.kind === "bus-back") this.#hasGap = true;
    if (hint.kind !== "said") return;
    if (this.#notices.length >= NOTICES_MAX) this.#hasGap = true;
    else this.#notices.push(this.#withOomKills(hint.notice));
  }

  take(): Heard {
    this.#look();
    const heard = { isComplete: !this.#hasGap, notices: this.#notices };
    this.#hasGap = !this.#parts.pm2.busConnected;
    this.#notices = [];
    return heard;
  }

  #withOomKills(notice: Pm2Notice): Pm2Notice {
    const [oldest] = this.#looks;
    if (notice.kind !== "exit" || notice.signal !== "SIGKILL" || oldest === undefined) return notice;
    const kills = this.#parts.oomKills();
    return { ...notice, oomKills: kills === null ? null : kills - oldest.kills };
  }

  /** Keeps looks of the last `OOM_SPAN_MS`, and one from before that. */
  #look(): void {
    const { nowMs, oomKills } = this.#parts;
    const atMs = nowMs();
    const newest = this.#looks.at(-1);
    if (newest !== undefined && atMs - newest.atMs < OOM_LOOK_EVERY_MS) return;
    const kills = oomKills();
    if (kills === null) return;
    const looks = [...this.#looks, { atMs, kills }];
    const firstInSpan = looks.findIndex((look) => atMs - look.atMs < OOM_SPAN_MS);
    this.#looks = looks.slice(Math.max(0, firstInSpan - 1));
  }
}
