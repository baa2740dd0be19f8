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
  #compiled: Compiled;
  #outbox: NotifyOutbox;
  #emptying: Promise<void> = Promise.resolve();

  constructor(parts: { healLog: HealLog; recent: RecentRecords; wallMs: () => number; compiled: Compiled }) {
    this.#healLog = parts.healLog;
    this.#recent = parts.recent;
    this.#wallMs = parts.wallMs;
    this.#compiled = parts.compiled;
    this.#outbox = this.#openOutbox(parts.compiled);
  }

  /**
   * An edited configuration: later records carry its hash and go to its notifiers. Where these have changed, the old ones
   * get two seconds for what they hold.
   */
  use(compiled: Compiled): void {
    const same = whoIsTold(compiled) === whoIsTold(this.#compiled);
    this.#compiled = compiled;
    if (same) return;
    const old = this.#outbox;
    this.#outbox = this.#openOutbox(compiled);
    this.#emptying = Promise.all([this.#emptying, empty(old)]).then(() => {});
  }

  readonly tell = (record: LogRecord): void => {
    const sealed = this.#healLog.write(record, this.#wallMs(), this.#compiled.hash);
    this.#recent.add(sealed);
    this.#outbox.offer(sealed);
  };

  async close(): Promise<void> {
    await Promise.all([this.#emptying, empty(this.#outbox)]);
    this.#healLog.close();
  }

  #openOutbox(compiled: Compiled): NotifyOutbox {
    const notifiers = compiled.notifiers.map(({ kind, params, number }) => kind.create(params, number));
    return openOutbox({ notifiers, record: (record) => this.tell(record), monotonicMs: () => performance.now(), random: Math.random });
  }
}

function whoIsTold({ notifiers }: Compiled): string {
  return JSON.stringify(notifiers.map(({ kind, params }) => [kind.type, params]));
}

async function empty(outbox: NotifyOutbox): Promise<void> {
  await outbox.flush(FLUSH_MS);
  await outbox.close();
}
