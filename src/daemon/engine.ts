import type { Action, ActionContext } from "../actions/action.ts";
import type { Effect } from "../core/effect.ts";
import type { Event, EventBody } from "../core/event.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { CopiesSeen, Pm2View } from "../core/observation.ts";
import type { Heard } from "../core/pm2-notice.ts";
import type { State } from "../core/state.ts";
import { step } from "../core/step.ts";
import type { EvidenceKeeper } from "../record/evidence.ts";
import type { Journal } from "../record/journal.ts";
import type { ReducerClock } from "../world/clock/reducer-clock.ts";
import type { Pm2 } from "../world/pm2/pm2.ts";
import type { Processes } from "../world/processes/processes.ts";
import { evidenceOrder } from "./evidence-order.ts";
import type { CommandReply } from "./status.ts";

export interface EngineOptions {
  readonly state: State;
  readonly clock: ReducerClock;
  readonly journal: Journal;
  readonly pm2: Pm2;
  readonly processes: Processes;
  readonly actions: readonly Action[];
  readonly write: (record: LogRecord) => void;
  /** What is seen of a worker is kept before its process is ended. */
  readonly evidence: EvidenceKeeper;
  /** What PM2's daemon has said since the event before: it goes with every list. */
  readonly heard: () => Heard;
  /** What runs beside the rows of this list, looked at now; null = it cannot be seen. */
  readonly lookForCopies: (pm2: Pm2View | string) => CopiesSeen | null;
}

const LISTS_MAX = 5; // actions end seldom; five lists in a row are not overtaken

/**
 * Hands events to the core one at a time and performs its effects in order. The only place where a decision becomes a
 * deed: an intent is on disk and PM2 was listed after that before `execute` is ever seen here.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #replies = new Map<number, (reply: CommandReply) => void>();
  readonly #underWay = new Set<Promise<void>>();
  #commands = 0;
  #actionsEnded = 0;
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get state(): State {
    return this.#options.state;
  }

  /**
   * A list that was asked for before this number changed may show a worker in the middle of an action whose end the core has
   * heard of meanwhile. It would take that for an operator's stop.
   */
  get actionsEnded(): number {
    return this.#actionsEnded;
  }

  dispatch(body: EventBody): void {
    const { clock, state } = this.#options;
    const event: Event = { ...body, atMs: clock.nowMs(), wallMs: clock.wallMs() };
    for (const effect of step(state, event)) this.#perform(effect);
  }

  command(by: string, command: Extract<EventBody, { type: "command" }>["command"]): Promise<CommandReply> {
    const id = ++this.#commands;
    return new Promise((resolve) => {
      this.#replies.set(id, resolve);
      // On its own, not in the caller's hands: a bug in the core must end healer, not just one request.
      queueMicrotask(() => this.dispatch({ type: "command", id, by, command }));
    });
  }

  /**
   * Waits for what has been begun: an action PM2 is working on cannot be taken back, its result should be on record.
   * Nothing else begins: an intent that has not been acted on is dropped when healer is back.
   */
  async finish(): Promise<void> {
    this.#stopped = true;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "log":
        return this.#options.write(effect.record);
      case "journal":
        return this.#journal(effect);
      case "execute":
        return this.#track(this.#execute(effect));
      case "reply":
        this.#replies.get(effect.id)?.({ code: effect.code, text: effect.text, healId: effect.healId });
        this.#replies.delete(effect.id);
        return;
      default:
        effect satisfies never;
    }
  }

  #journal({ record, ack }: Extract<Effect, { type: "journal" }>): void {
    const written = this.#options.journal.append(record);
    if (!written.ok) {
      const waiting = ack ? { target: record.target, healId: record.healId } : { target: null, healId: null };
      // Not within this `step`: its effects come first, in their order.
      queueMicrotask(() => this.dispatch({ type: "journal_failed", ...waiting, error: written.error.message }));
    } else if (ack && record.healId !== null && !this.#stopped) {
      this.#track(this.#confirm(record.target, record.healId));
    }
  }

  /** Evidence first: what is acted on is read after it. */
  async #confirm(target: string, healId: string): Promise<void> {
    const order = evidenceOrder(this.#options.state, target, healId);
    if (order !== null) await this.#options.evidence.keep(order);
    const pm2 = await this.#list();
    if (!this.#stopped) this.dispatch({ type: "durable", target, healId, ...this.#seen(pm2) });
  }

  async #execute(effect: Extract<Effect, { type: "execute" }>): Promise<void> {
    const { pm2, processes, actions } = this.#options;
    const action = actions.find((candidate) => candidate.name === effect.action);
    const startedAt = performance.now();
    const result =
      action === undefined
        ? { ok: false, error: `no action "${effect.action}"` }
        : await action.run({ pm2, processes, ...orderOf(effect) });
    const tookMs = Math.round(performance.now() - startedAt);
    this.#actionsEnded++;
    const after = await this.#list();
    this.dispatch({ type: "action_done", target: effect.target, healId: effect.healId, ...result, tookMs, ...this.#seen(after) });
  }

  #seen(pm2: Pm2View | string): { readonly pm2: Pm2View | string; readonly heard: Heard; readonly copies: CopiesSeen | null } {
    return { pm2, heard: this.#options.heard(), copies: this.#options.lookForCopies(pm2) };
  }

  /** A list no action has overtaken. */
  async #list(): Promise<Pm2View | string> {
    for (let lists = 1; ; lists++) {
      const before = this.#actionsEnded;
      const listed = await this.#options.pm2.list();
      if (before === this.#actionsEnded || lists === LISTS_MAX || !listed.ok) return listed.ok ? listed.value : listed.error.message;
    }
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}

function orderOf({ row, step, ends, createdWallMs }: Extract<Effect, { type: "execute" }>): Omit<ActionContext, "pm2" | "processes"> {
  return { row, step, ends, createdWallMs };
}
