import type { Effect } from "../core/effect.ts";
import type { SimPm2 } from "./sim-pm2.ts";
import type { Pm2Command, Pm2Reply } from "./sim-pm2-words.ts";
import type { SimProcesses } from "./sim-process.ts";
import type { Timeline } from "./timeline.ts";

export type Execute = Extract<Effect, { type: "execute" }>;

const NO_ANSWER_MS = 15_000; // the deadline healer's own client sets, about kill_timeout + 10 s

/** What healer's actions make of PM2's commands, as `src/actions` do: a command each, with a deadline, one after the other. */
export class SimActions {
  readonly #timeline: Timeline;
  readonly #pm2: SimPm2;
  readonly #processes: SimProcesses;
  readonly #boundary: () => void;

  constructor(parts: { timeline: Timeline; pm2: SimPm2; processes: SimProcesses; boundary: () => void }) {
    this.#timeline = parts.timeline;
    this.#pm2 = parts.pm2;
    this.#processes = parts.processes;
    this.#boundary = parts.boundary;
  }

  /** What PM2 was told it does whether or not healer lives; everything that follows an answer passes `stillAlive`. */
  run({ action, step, row, ends, createdWallMs }: Execute, stillAlive: (run: () => void) => void, done: (reply: Pm2Reply) => void): void {
    for (const end of ends) this.#processes.end(end);
    if (action === "trim" && ends.length > 0) return this.#after(50, () => stillAlive(() => done(OK)));
    const ask = (command: Pm2Command, then: (reply: Pm2Reply) => void): void => this.#ask(command, row.pmId, stillAlive, then);
    if (step === "add") this.#ask({ name: "duplicate", createdWallMs: createdWallMs ?? 0 }, row.pmId, stillAlive, done);
    else if (action === "trim" || action === "replace") ask("delete", done);
    else if (step === "stop") ask("stop", done);
    else if (step === "start") ask("start", done);
    else if (action === "stop-start")
      ask("stop", (stopped) => {
        if (!stopped.ok) return done(stopped);
        this.#boundary();
        ask("start", done);
      });
    else ask("restart", done);
  }

  #ask(command: Pm2Command, pmId: number, stillAlive: (run: () => void) => void, then: (reply: Pm2Reply) => void): void {
    let isAnswered = false;
    const once = (reply: Pm2Reply): void => {
      if (isAnswered) return;
      isAnswered = true;
      stillAlive(() => then(reply));
    };
    this.#pm2.command(command, pmId, (reply) => this.#after(0, () => once(reply)));
    this.#after(NO_ANSWER_MS, () => once({ ok: false, error: `no answer within ${NO_ANSWER_MS / 1000} s` }));
  }

  #after(ms: number, run: () => void): void {
    this.#timeline.at(this.#timeline.nowMs + ms, run);
  }
}

const OK: Pm2Reply = { ok: true, error: null };
