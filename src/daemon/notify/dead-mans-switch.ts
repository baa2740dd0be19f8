import type { LogRecord } from "../../core/log-record.ts";
import { getBounded } from "../../world/http/get-bounded.ts";

type Block = { readonly url: string; readonly every: number };

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1_000;

/**
 * Asks a monitor elsewhere not to worry, for as long as turns end. A failure is told once, until one arrives again: the
 * monitor itself calls a person.
 */
export class DeadMansSwitch {
  readonly #record: (record: LogRecord) => void;
  readonly #monotonicMs: () => number;
  #block: Block | null = null;
  #pingedAtMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  #underWay: AbortController | null = null;

  constructor(record: (record: LogRecord) => void, monotonicMs = () => performance.now()) {
    this.#record = record;
    this.#monotonicMs = monotonicMs;
  }

  use(block: Block | null): void {
    if (JSON.stringify(block) === JSON.stringify(this.#block)) return;
    this.close();
    this.#block = block;
    this.#pingedAtMs = Number.NEGATIVE_INFINITY;
    this.#isFailing = false;
  }

  /** After each complete turn; never waits. */
  turned(): void {
    const nowMs = this.#monotonicMs();
    if (this.#block === null || this.#underWay !== null || nowMs - this.#pingedAtMs < this.#block.every) return;
    this.#pingedAtMs = nowMs;
    this.#underWay = new AbortController();
    void this.#ping(this.#block.url, this.#underWay);
  }

  close(): void {
    this.#underWay?.abort();
    this.#underWay = null;
  }

  async #ping(url: string, closing: AbortController): Promise<void> {
    const options = { timeoutMs: TIMEOUT_MS, maxBytes: ANSWER_BYTES_MAX, overflow: "cut", signal: closing.signal } as const;
    const answer = await getBounded(url, options);
    if (closing.signal.aborted) return;
    this.#underWay = null;
    if (!answer.ok && !this.#isFailing) this.#record(failureRecord(`${new URL(url).host}: ${answer.error.message}`));
    this.#isFailing = !answer.ok;
  }
}

function failureRecord(error: string): LogRecord {
  return {
    level: "warn",
    event: "notify_failed",
    target: "healer",
    strategy: null,
    reason: `dead_mans_switch: not reached (${error}); the monitor there may call somebody although healer is well`,
    more: { notifier: "dead_mans_switch", error },
  };
}
