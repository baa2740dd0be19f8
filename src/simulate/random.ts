/**
 * Chance that can be repeated: sfc32 (Doty-Humphrey), 128 bits of state, passes PractRand. One seed gives one stream; `split`
 * gives another that does not depend on how much was drawn from the first, so that a change in one concern of a world
 * leaves the others as they were.
 */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Whole, from `min` to `max`, both included. */
  int(min: number, max: number): number;
  chance(share: number): boolean;
  pick<Value>(values: readonly [Value, ...Value[]]): Value;
  /** With this mean. */
  exponential(mean: number): number;
  /** How many of something that happens `mean` times on average. */
  poisson(mean: number): number;
  /** How many of `count` go well. */
  binomial(count: number, share: number): number;
  /** A stream of its own for one concern. */
  split(concern: string): Random;
}

const EXACT_MAX = 40; // above this a normal approximation is off by less than what a simulation can tell

export function randomFrom(seed: number | string): Random {
  const next = sfc32(hashes(String(seed)));
  const random: Random = {
    next,
    int: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (share) => next() < share,
    pick: (values) => values[Math.floor(next() * values.length)] ?? values[0],
    exponential: (mean) => -Math.log(1 - next()) * mean,
    poisson: (mean) => (mean > EXACT_MAX ? Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(next))) : smallPoisson(mean, next)),
    binomial: (count, share) => binomial(count, share, next),
    split: (concern) => randomFrom(`${seed}/${concern}`),
  };
  return random;
}

function smallPoisson(mean: number, next: () => number): number {
  let left = Math.exp(-mean);
  let count = 0;
  for (let draw = next(); draw > left; draw -= left, left *= mean / count) {
    count++;
    if (left < 1e-12) break;
  }
  return count;
}

function binomial(count: number, share: number, next: () => number): number {
  if (count > EXACT_MAX) {
    const drawn = Math.round(count * share + Math.sqrt(count * share * (1 - share)) * normal(next));
    return Math.min(count, Math.max(0, drawn));
  }
  let hits = 0;
  for (let draw = 0; draw < count; draw++) if (next() < share) hits++;
  return hits;
}

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

function sfc32([a0, b0, c0, d0]: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = [a0, b0, c0, d0];
  const next = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let warmUp = 0; warmUp < 15; warmUp++) next();
  return next;
}

/** FNV-1a, four times over with different beginnings. */
function hashes(text: string): readonly [number, number, number, number] {
  const hash = (start: number): number => {
    let value = start;
    for (const sign of text) value = Math.imul(value ^ (sign.codePointAt(0) ?? 0), 0x01000193);
    return value;
  };
  return [hash(0x811c9dc5), hash(0x9e3779b9), hash(0x85ebca6b), hash(0xc2b2ae35)];
}
