import type { Observation } from "../core/observation.ts";
import type { Sensor, WatchedWorker } from "../sensors/sensor.ts";

const INBOX_MAX = 100_000; // observations between two turns; more than a fleet of thousands brings

interface Post {
  readonly sensor: Sensor;
  dueAtMs: number;
  reading: AbortController | null;
  looksForEnd: boolean;
}

/**
 * Starts each sensor when it is due and collects what they bring until the next turn. A slow sensor delays nobody: its
 * observations come with a later turn.
 */
export class Sensing {
  readonly #now: () => number;
  readonly #onUrgent: () => void;
  #posts: Post[] = [];
  #turnMs = 0;
  #inbox: Observation[] = [];
  #actionsEnded = 0;

  /** `onUrgent`: something came in that should not wait for the next turn. */
  constructor(now: () => number, onUrgent: () => void) {
    this.#now = now;
    this.#onUrgent = onUrgent;
  }

  /** Sensors that are used already go on as they are. `turnMs`: between two turns. What a sensor quicker than that sees of a process is not to wait for the next one. */
  use(sensors: readonly Sensor[], turnMs = 0): void {
    this.#turnMs = turnMs;
    const before = new Map(this.#posts.map((post) => [post.sensor, post]));
    for (const { sensor, reading } of this.#posts) {
      if (sensors.includes(sensor)) continue;
      reading?.abort();
      sensor.close?.();
    }
    this.#posts = sensors.map((sensor) => before.get(sensor) ?? { sensor, dueAtMs: this.#now(), reading: null, looksForEnd: false });
  }

  /** `actionsEnded`: how many so far. */
  startDue(workersNow: () => readonly WatchedWorker[], actionsEnded = 0): void {
    const nowMs = this.#now();
    const hasActed = actionsEnded !== this.#actionsEnded;
    this.#actionsEnded = actionsEnded;
    let workers: readonly WatchedWorker[] | null = null;
    for (const post of this.#posts) {
      post.looksForEnd ||= hasActed && post.sensor.looksAfterActions === true;
      if (post.reading !== null || (nowMs < post.dueAtMs && !post.looksForEnd)) continue;
      // Keeps its rhythm; after a pause it starts anew instead of catching up.
      if (nowMs >= post.dueAtMs) post.dueAtMs = Math.max(post.dueAtMs + post.sensor.everyMs, nowMs + post.sensor.everyMs / 2);
      workers ??= workersNow();
      void this.#read(post, workers);
    }
  }

  drain(): readonly Observation[] {
    const observations = this.#inbox;
    this.#inbox = [];
    return observations;
  }

  #add(observations: readonly Observation[]): void {
    const room = INBOX_MAX - this.#inbox.length;
    for (const observation of observations.slice(0, Math.max(0, room))) this.#inbox.push(observation);
  }

  close(): void {
    this.use([]);
  }

  async #read(post: Post, workers: readonly WatchedWorker[]): Promise<void> {
    const reading = new AbortController();
    post.reading = reading;
    const timer = setTimeout(() => reading.abort(), post.sensor.timeoutMs);
    const observations = await post.sensor.read({ now: this.#now, workers, signal: reading.signal });
    clearTimeout(timer);
    if (post.reading !== reading || !this.#posts.includes(post)) return; // replaced meanwhile by an edited configuration
    post.reading = null;
    this.#add(observations);
    const isQuick = post.looksForEnd || post.sensor.everyMs < this.#turnMs;
    post.looksForEnd = false;
    if (observations.some((one) => (one.kind === "probe" && !one.ok) || (one.kind === "pulse" && isQuick))) this.#onUrgent();
  }
}
