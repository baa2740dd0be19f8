import type { LogRecord } from "../../core/log-record.ts";
import { plural } from "../../core/words.ts";
import type { OutboxFile } from "../../record/outbox-file.ts";
import type { Losses } from "../../record/outbox-state.ts";

interface Options {
  /** Of the notifier. */
  readonly name: string;
  readonly everyMs: number;
  readonly wallMs: () => number;
  readonly record: (record: LogRecord) => void;
}

/** What a channel could not tell, as `notify_failed` lines: the first at once, then together, since they come in floods. */
export class LossReport {
  readonly #outbox: OutboxFile;
  readonly #options: Options;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(outbox: OutboxFile, options: Options) {
    this.#outbox = outbox;
    this.#options = options;
  }

  lose(ids: readonly string[], why: string): void {
    if (ids.length === 0) return;
    this.#outbox.apply({ op: "lost", ids, why });
    if (this.dueInMs() === 0) this.report();
  }

  /** Null = nothing is lost. */
  dueInMs(): number | null {
    if (this.#outbox.state.lost.messages === 0) return null;
    const { everyMs, wallMs } = this.#options;
    return Math.max(0, Math.min(everyMs, this.#reportedAtMs + everyMs - wallMs())); // the clock may be set back
  }

  /** In the log first: what healer dies in between is reported twice, and never not at all. */
  report(): void {
    const { lost } = this.#outbox.state;
    if (lost.messages === 0) return;
    this.#reportedAtMs = this.#options.wallMs();
    this.#options.record(lossRecord(this.#options.name, lost));
    this.#outbox.apply({ op: "told" });
  }
}

export function lossRecord(name: string, { messages, which, lastError }: Losses): LogRecord {
  const listed = which.length === 0 ? "" : `: ${which.join(", ")}${which.length < messages ? " …" : ""}`;
  return {
    level: "error",
    event: "notify_failed",
    target: "healer",
    strategy: null,
    reason: `${name}: ${plural(messages, "message")} not delivered (${lastError})${listed}`,
    more: { notifier: name, messages, error: lastError, dropped: [...which] },
  };
}
