import type { Compiled } from "../config/compiled.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { HealLog } from "../record/heal-log.ts";
import type { Files } from "../world/files/files.ts";
import { Channels } from "./notify/channels.ts";
import { tryChannels } from "./notify/try-channels.ts";
import type { RecentRecords } from "./recent-records.ts";
import type { ControlPlane } from "./status.ts";

const FLUSH_MS = 2_000; // at shutdown: a page that is on its way may still arrive; the rest waits in the outbox

interface Parts {
  readonly healLog: HealLog;
  readonly recent: RecentRecords;
  readonly wallMs: () => number;
  readonly compiled: Compiled;
  readonly files: Files;
  /** Where what is not told yet waits. */
  readonly outbox: string;
  /** Name of this machine. */
  readonly host: string;
}

/** Every record goes one way: the heal log first, then whoever listens live, then notifiers. */
export class Teller {
  readonly channels: Channels;
  readonly #parts: Parts;
  #compiled: Compiled;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#compiled = parts.compiled;
    const { files, wallMs, outbox: dir } = parts;
    this.channels = new Channels({ files, dir, wallMs, random: Math.random, record: this.tell });
  }

  /** From now on notifiers are told, and first of all what an earlier healer left to tell. */
  start(): void {
    this.channels.use(this.#compiled.notifiers);
  }

  /** An edited configuration: later records carry its hash and go to its notifiers. */
  use(compiled: Compiled): void {
    const same = whoIsTold(compiled) === whoIsTold(this.#compiled);
    this.#compiled = compiled;
    if (!same) this.start();
  }

  readonly tell = (record: LogRecord): void => {
    const sealed = this.#parts.healLog.write(record, this.#parts.wallMs(), this.#compiled.hash);
    this.#parts.recent.add(sealed);
    this.channels.offer(sealed);
  };

  readonly tryNotifiers: ControlPlane["tryNotifiers"] = (channel, by) => {
    const notifiers = this.channels.all.map(({ notifier }) => notifier);
    return tryChannels(notifiers, { channel, by, host: this.#parts.host, config: this.#compiled.hash, wallMs: this.#parts.wallMs() });
  };

  async close(): Promise<void> {
    await this.channels.close(FLUSH_MS);
    this.#parts.healLog.close();
  }
}

function whoIsTold({ notifiers }: Compiled): string {
  return JSON.stringify(notifiers.map(({ kind, params }) => [kind.type, params]));
}
