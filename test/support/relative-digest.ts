import type { WorkerRow } from "../../src/core/worker-row.ts";
import { hashOf, healIdOf } from "./hashed-text.ts";

export interface Now {
  readonly nowMs: number;
  readonly wallMs: number;
  /** Heals ever begun: the ids of heals count up to it. */
  readonly healCount: number;
}

const INSTANTS = { fromMs: 9e8, toMs: 1.1e9 };
const WALL_FROM_MS = 1e12;
/** No more than this is ever asked of how long ago something was, or how far apart two instants are; but for `COUNTED`. */
const OLD_MS = 900_001;
/** What is counted, or remembered, for an hour or a day. */
const COUNTED = new Set(["healsAtMs", "exits", "lateStop", "counted"]);
/** What is kept to be told, and decides nothing: that worlds of one digest have one future shows it. */
const TELLS = new Set(["ledger", "hearing"]);
const LOW_BITS = 21; // 32 bits of one lane, 21 of the other

/**
 * A number for plain data in which every instant counts from now: two values that differ only in when they are have one digest. So
 * have two in which something is old by more or less, if older than anybody asks for: of such instants only their order counts and
 * how far apart they are, up to that same bound, as in the regions of timed automata (Alur, Dill 1994).
 *
 * What is an instant shows in its size, as small worlds are arranged (`small-world.ts`): reducer time begins at a milliard, wall
 * time is later than 2001, and nothing else in a state is as large. Two things carry their time in themselves and follow it: pids,
 * which small worlds take from the clock, and ids of heals, which spell it.
 *
 * 53 bits: among a million digests two that differ share one with a probability of 6 in 100,000.
 */
export function relativeDigest(value: unknown, now: Now): number {
  const spelling = new Spelling(now);
  spelling.add(value);
  return spelling.digest();
}

/** Numbers that are nothing else. */
const SIGN = { true: -5e8, false: -5.1e8, null: -5.2e8, end: -5.3e8, list: -6e8, map: -7e8 };
const WORDS_MAX = 1 << 16;
const words = new Float64Array(WORDS_MAX);
const isAge = new Uint8Array(WORDS_MAX);

/** The value as one line of numbers; of ages is said that they are. */
class Spelling {
  readonly #now: Now;
  readonly #old = new Map<number, number>();
  /** The greatest age that is not old. */
  #oldestYoungMs = 0;
  #length = 0;

  constructor(now: Now) {
    this.#now = now;
  }

  add(value: unknown): void {
    if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (typeof value !== "object" || value === null) this.#word(value === true ? SIGN.true : value === false ? SIGN.false : SIGN.null);
    else if (Array.isArray(value)) {
      this.#word(SIGN.list + value.length);
      for (const item of value) this.add(item);
    } else if (value instanceof Map) {
      this.#word(SIGN.map + value.size);
      for (const [key, item] of value) {
        this.add(key);
        this.add(item);
      }
    } else if (value instanceof Set) this.add([...value]);
    else if ("killTimeoutMs" in value) this.#row(value as WorkerRow);
    else this.#fields(value as Record<string, unknown>);
  }

  digest(): number {
    this.#bringTogether();
    let [one, other] = [0x811c9dc5, 0x2545f491];
    for (let at = 0; at < this.#length; at++) {
      const word = words[at] ?? 0;
      const value = isAge[at] === 1 ? (this.#old.get(word) ?? word) : word;
      const [low, high] = [value | 0, (value * 2 ** -22) | 0];
      one = Math.imul(one ^ low, 0x85ebca6b);
      one = Math.imul(one ^ (one >>> 15) ^ high, 0xc2b2ae35);
      other = Math.imul(other + high, 0x27d4eb2f) ^ low;
      other = Math.imul(other ^ (other >>> 13), 0x165667b1) ^ one;
    }
    return (one >>> 0) * 2 ** LOW_BITS + (other >>> (32 - LOW_BITS));
  }

  /** What is old moves as close to now, and to the next younger, as makes no difference. */
  #bringTogether(): void {
    let before = this.#oldestYoungMs;
    let put = before;
    for (const age of [...this.#old.keys()].sort((one, other) => one - other)) {
      put += Math.min(age - before, OLD_MS);
      before = age;
      this.#old.set(age, put);
    }
  }

  #fields(value: Record<string, unknown>): void {
    for (const key of Object.keys(value)) {
      const item = value[key];
      if (item === undefined || TELLS.has(key)) continue;
      this.#word(hashOf(key));
      this.add(item);
      if (COUNTED.has(key)) this.#exactly(item);
    }
    this.#word(SIGN.end);
  }

  #exactly(item: unknown): void {
    if (typeof item === "number") this.#word(item - this.#now.nowMs);
    else if (typeof item === "object" && item !== null) for (const each of Object.values(item)) this.#exactly(each);
  }

  /** Its app is the same all the time: of a row only what changes. */
  #row({ pmId, pid, status, startedWallMs, createdWallMs, restarts }: WorkerRow): void {
    for (const part of [pmId, pid, status, startedWallMs, createdWallMs, restarts]) this.add(part);
  }

  #number(value: number): void {
    if (value >= WALL_FROM_MS) this.#age(this.#now.wallMs - value);
    else if (value > INSTANTS.fromMs && value < INSTANTS.toMs) this.#age(this.#now.nowMs - value);
    else this.#word(value);
  }

  #text(text: string): void {
    const id = healIdOf(text);
    if (id === null) return this.#word(hashOf(text));
    this.#age(this.#now.wallMs - id.wallMs);
    this.#word(id.count - this.#now.healCount);
  }

  #age(ms: number): void {
    isAge[this.#length] = 1;
    words[this.#length++] = ms;
    if (ms > OLD_MS) this.#old.set(ms, ms);
    else if (ms > this.#oldestYoungMs) this.#oldestYoungMs = ms;
  }

  #word(value: number): void {
    isAge[this.#length] = 0;
    words[this.#length++] = value;
    if (!Number.isInteger(value)) this.#word(Math.trunc((value % 1) * 2 ** 30));
  }
}
