import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { CompiledNotifier } from "../../config/compile-kinds.ts";
import type { SealedRecord } from "../../core/sealed-record.ts";
import { plural } from "../../core/words.ts";
import { openOutboxFile, type OutboxFile } from "../../record/outbox-file.ts";
import type { Files } from "../../world/files/files.ts";
import { Channel, type ChannelLimits, type ChannelOptions } from "./channel.ts";
import { lossRecord } from "./losses.ts";

export interface ChannelsOptions extends Omit<ChannelOptions, "limits" | "after" | "startedMs"> {
  readonly files: Files;
  /** The folder of the outboxes, a file a channel. */
  readonly dir: string;
  readonly limits?: Partial<ChannelLimits>;
}

// A thousand messages are more than a person reads, and some 600 KB. After a day a page is history.
const LIMITS: ChannelLimits = {
  waitingMax: 1_000,
  waitingBytesMax: 1_000_000,
  ageMaxMs: 24 * 3_600_000,
  sendTimeoutMs: 15_000,
  retryBaseMs: 1_000,
  retryMaxMs: 300_000,
  reportEveryMs: 600_000,
};
const FILE_END = ".jsonl";

interface Held {
  readonly channel: Channel;
  /** What was configured. */
  readonly block: string;
}

/** Everybody who is told. Offering writes a line each and returns; sending goes on beside the turns. */
export class Channels {
  readonly #options: ChannelsOptions;
  /** By file. */
  #held: ReadonlyMap<string, Held> = new Map();
  readonly #startedMs: number;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#startedMs = options.wallMs();
  }

  get all(): readonly Channel[] {
    return [...this.#held.values()].map(({ channel }) => channel);
  }

  /** Messages not delivered yet. */
  get pending(): number {
    return this.all.reduce((sum, { outbox }) => sum + outbox.state.waiting.size, 0);
  }

  /**
   * The configured ones from now on. What waits for an address that stays goes on waiting, also in the file that an earlier
   * healer left; what waits for one that is gone is dropped and said.
   */
  use(notifiers: readonly CompiledNotifier[]): void {
    const old = this.#held;
    this.#options.files.makeDir(this.#options.dir); // where it fails, what waits is in memory only
    this.#held = new Map(withFileNames(notifiers).map((notifier) => [notifier.file, this.#hold(notifier, old.get(notifier.file))]));
    for (const [file, { channel }] of old) if (!this.#held.has(file)) this.#remove(channel, file);
    this.#dropLeft(old);
    for (const channel of this.all) channel.start();
  }

  offer(record: SealedRecord): void {
    if (this.#held.size === 0) return;
    const id = `${Date.parse(record.ts).toString(36)}-${randomBytes(5).toString("hex")}`;
    for (const channel of this.all) channel.offer(id, record);
  }

  /** Lets what may go out now do so, for `waitMs` at most, and stops; the rest waits in the outboxes. */
  async close(waitMs: number): Promise<void> {
    await Promise.all(this.all.map((channel) => channel.idle(waitMs)));
    await Promise.all([this.#closing, ...this.all.map((channel) => channel.stop())]);
    for (const { outbox } of this.all) outbox.close();
  }

  #hold({ kind, params, number, file }: CompiledNotifier & { readonly file: string }, before: Held | undefined): Held {
    const block = JSON.stringify([number, params]);
    if (before?.block === block) return before;
    const { files, dir, limits } = this.#options;
    const outbox = before?.channel.outbox ?? openOutboxFile(files, join(dir, file));
    const after = before?.channel.stop() ?? Promise.resolve();
    const notifier = kind.create(params, number);
    if (before === undefined && outbox.damaged > 0) this.#sayDamaged(notifier.name, outbox.damaged, file);
    const own = { limits: { ...LIMITS, ...limits }, startedMs: this.#startedMs, after };
    return { block, channel: new Channel(notifier, outbox, { ...this.#options, ...own }) };
  }

  #sayDamaged(name: string, lines: number, file: string): void {
    const record = lossRecord(name, { messages: lines, which: [], lastError: "its outbox is damaged" });
    this.#options.record({ ...record, reason: `${name}: ${plural(lines, "line")} of outbox/${file} could not be read` });
  }

  #remove(channel: Channel, file: string): void {
    const gone = channel.stop().then(() => this.#drop(channel.notifier.name, channel.outbox, file));
    this.#closing = Promise.all([this.#closing, gone]);
  }

  /** Of channels that were taken out of the configuration while healer was not running. */
  #dropLeft(old: ReadonlyMap<string, Held>): void {
    const { files, dir } = this.#options;
    const listed = files.list(dir);
    for (const file of listed.ok ? listed.value : []) {
      if (!file.endsWith(FILE_END) || this.#held.has(file) || old.has(file)) continue;
      this.#drop(file.slice(0, -FILE_END.length), openOutboxFile(files, join(dir, file)), file);
    }
  }

  #drop(name: string, outbox: OutboxFile, file: string): void {
    outbox.apply({ op: "lost", ids: [...outbox.state.waiting.keys()], why: "the channel is no longer configured" });
    if (outbox.state.lost.messages > 0) this.#options.record(lossRecord(name, outbox.state.lost));
    outbox.close();
    if (!this.#held.has(file)) outbox.remove();
  }
}

/** By its name, else by where it sends to, so that a channel keeps its outbox wherever in the list it stands. */
function withFileNames(notifiers: readonly CompiledNotifier[]): readonly (CompiledNotifier & { readonly file: string })[] {
  const seen = new Map<string, number>();
  return notifiers.map((notifier) => {
    const { kind, params } = notifier;
    const { name } = params as { readonly name?: string };
    const hash = createHash("sha256").update(kind.address(params)).digest("hex").slice(0, 12);
    const own = name === undefined ? `${kind.type}-${hash}` : `${kind.type}.${name}`;
    const number = (seen.get(own) ?? 0) + 1;
    seen.set(own, number);
    return { ...notifier, file: `${own}${number === 1 ? "" : `.${number}`}${FILE_END}` };
  });
}
