import type { Observation, Pm2View } from "../core/observation.ts";
import type { Heard } from "../core/pm2-notice.ts";
import type { ReducerClock } from "../world/clock/reducer-clock.ts";
import type { Engine } from "./engine.ts";
import type { Pm2Watch } from "./pm2-watch.ts";

const HINTED_TURN_GAP_MS = 25; // a crash loop hints a dozen times a second, and each restart it gets through is one too many
const STALLED_AFTER_TURNS = 5;
const STALLED_AFTER_MS = 12_000; // a PM2 that hangs makes the first turn up to 10 s late: connecting 5 s, listing 5 s

export interface LoopParts {
  readonly engine: Pick<Engine, "dispatch" | "actionsEnded">;
  readonly clock: ReducerClock;
  readonly watch: Pm2Watch;
  /** Starts what is due; called more often than that. */
  readonly startSensors: () => void;
  /** What PM2's daemon has said since the previous turn. */
  readonly heard: () => Heard;
  /** What has come in since the previous turn. */
  readonly observations: () => readonly Observation[];
  readonly intervalMs: () => number;
  /** After each complete turn: snapshot, systemd's watchdog. */
  readonly afterTurn: () => void;
}

type Answer = Pm2View | string | null;

interface Asked {
  /** How many actions had ended by then: a list that one has overtaken is no news. */
  readonly actionsEnded: number;
  readonly done: Promise<void>;
  /** undefined = it has not come. */
  answer?: Answer;
}

const NOTHING_SAID: Heard = { isComplete: true, notices: [] };

/** The turn: look, decide, act. Regular ones every interval; an extra one soon after somebody died, or when a late list comes in. Never two at once. */
export class Loop {
  readonly #parts: LoopParts;
  #timer: NodeJS.Timeout | null = null;
  #turning: Promise<void> | null = null;
  /** The list under way, or come in and told to no turn yet. */
  #asked: Asked | null = null;
  #hinted = false;
  #isRunning = false;
  #turnedAtMs: number | null = null;
  #dueAtMs = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Asks for a turn before the next regular one. */
  hurry(): void {
    this.#hinted = true;
    if (this.#turning === null) this.#schedule();
  }

  start(): void {
    this.#isRunning = true;
    this.#dueAtMs = this.#parts.clock.nowMs();
    this.#runTurn();
  }

  /** The turn under way comes to its end without deciding anything. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#turning;
  }

  #schedule(): void {
    if (!this.#isRunning) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { clock, watch, intervalMs } = this.#parts;
    const soonMs = Math.max(HINTED_TURN_GAP_MS, 5 * watch.listTookMs);
    const gapMs = this.#hinted ? Math.min(soonMs, intervalMs()) : intervalMs(); // a hint never makes a turn later
    const nowMs = clock.nowMs();
    this.#dueAtMs = Math.max(nowMs, (this.#turnedAtMs ?? nowMs) + gapMs);
    this.#timer = setTimeout(() => this.#runTurn(), this.#dueAtMs - nowMs);
  }

  #runTurn(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#hinted = false;
    this.#turning = this.#turn().finally(() => {
      this.#turning = null;
      this.#schedule();
      this.#takeLate();
    });
  }

  /** A list that came too late for its turn gets one of its own. */
  #takeLate(): void {
    if (this.#isRunning && this.#turning === null && this.#asked?.answer !== undefined) this.#runTurn();
  }

  async #turn(): Promise<void> {
    const { engine, clock, watch, startSensors, heard, observations, intervalMs, afterTurn } = this.#parts;
    // Sensors look at the workers of the newest list. Where none is read they look now, and what reads at once counts now.
    if (!watch.isDue(clock.nowMs()) || this.#asked !== null) startSensors();
    const pm2 = await this.#read();
    const reading = clock.read();
    const sinceMs = reading.nowMs - (this.#turnedAtMs ?? reading.nowMs);
    const isStalled = reading.nowMs - this.#dueAtMs > Math.max(STALLED_AFTER_MS, STALLED_AFTER_TURNS * intervalMs());
    const stalledMs = reading.suspendedMs + (isStalled ? sinceMs : 0);
    this.#turnedAtMs = reading.nowMs;
    if (!this.#isRunning) return;
    const said = this.#asked === null ? heard() : NOTHING_SAID; // it is understood beside the list that shows it
    engine.dispatch({ type: "turn", pm2, heard: said, observations: observations(), stalledMs });
    startSensors();
    afterTurn();
  }

  async #read(): Promise<Answer> {
    const { engine, clock, watch } = this.#parts;
    if (this.#asked === null && watch.isDue(clock.nowMs())) this.#asked = this.#ask();
    if (this.#asked === null) return null;
    const asked = this.#asked;
    await this.#waitFor(asked.done);
    if (asked.answer === undefined) return null;
    this.#asked = null;
    if (asked.actionsEnded === engine.actionsEnded) return asked.answer;
    watch.lookAgain(); // what was read is older than what the core knows from the end of that action
    return null;
  }

  #ask(): Asked {
    const { engine, clock, watch } = this.#parts;
    const done = watch.read(clock.nowMs()).then((answer) => void (asked.answer = answer));
    const asked: Asked = { actionsEnded: engine.actionsEnded, done };
    void done.then(() => this.#takeLate());
    return asked;
  }

  async #waitFor(done: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#parts.watch.patienceMs)));
    await Promise.race([done, late]);
    clearTimeout(timer);
  }
}
