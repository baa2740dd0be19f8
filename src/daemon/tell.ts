import type { Compiled } from "../config/compiled.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { HealLog } from "../record/heal-log.ts";
import { openOutbox, type NotifyOutbox } from "./notify-outbox.ts";
import type { RecentRecords } from "./recent-records.ts";

const FLUSH_MS = 2_000; // at shutdown: a page that is on its way may still arrive

/** Every record goes one way: the heal log first, then whoever listens live, then notifiers. */
export class Teller {
  readonly #healLog: HealLog;
  readonly #recent: RecentRecords;
  readonly #wallMs: () => number;
  #configHash: string;
  #outbox: NotifyOutbox;

  constructor(parts: { healLog: HealLog; recent: RecentRecords; wallMs: () => number; compiled: Compiled }) {
    this.#healLog = parts.healLog;
    this.#recent = parts.recent;
    this.#wallMs = parts.wallMs;
    this.#configHash = parts.compiled.hash;
    this.#outbox = this.#openOutbox(parts.compiled);
  }

  /** An edited configuration: later records carry its hash and go to its notifiers. What the old ones hold still goes out. */
  use(compiled: Compiled): void {
    const old = this.#outbox;
    this.#configHash = compiled.hash;
    this.#outbox = this.#openOutbox(compiled);
    void old.flush(FLUSH_MS).then(() => old.close());
  }

  readonly tell = (record: LogRecord): void => {
    const sealed = this.#healLog.write(record, this.#wallMs(), this.#configHash);
    this.#recent.add(sealed);
    this.#outbox.offer(sealed);
  };

  async close(): Promise<void> {
    await this.#outbox.flush(FLUSH_MS);
    await this.#outbox.close();
    this.#healLog.close();
  }

  #openOutbox(compiled: Compiled): NotifyOutbox {
    const notifiers = compiled.notifiers.map(({ kind, params, number }) => kind.create(params, number));
    return openOutbox({ notifiers, record: (record) => this.tell(record), monotonicMs: () => performance.now(), random: Math.random });
  }
}
