/** Streams of task outcomes as a sensor would bring them: Poisson many tasks a turn, each with a fate of its own kind. */

export const TURN_MS = 2000;
export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

export interface Volume {
  readonly name: string;
  readonly perDay: number;
}

export const VOLUMES = {
  minute: { name: "1/min", perDay: 1440 },
  tenAMinute: { name: "10/min", perDay: 14_400 },
  tenASecond: { name: "10/s", perDay: 864_000 },
} as const satisfies Record<string, Volume>;

/** Whether a task that ends at `atMs` is good. Kept in one closure a run: streams with bursts have a state. */
export type Fate = (atMs: number) => boolean;
export type Stream = (random: () => number) => Fate;

export function independent(rate: number): Stream {
  return (random) => () => random() < rate;
}

/** A Markov chain of good and bad tasks: `rate` of all are good, and a burst of bad ones is `meanBad` long on average. */
export function bursty(rate: number, meanBad = 5): Stream {
  const end = 1 / meanBad;
  const begin = (end * (1 - rate)) / rate;
  return (random) => {
    let isBad = random() >= rate;
    return () => {
      isBad = random() < (isBad ? 1 - end : begin);
      return !isBad;
    };
  };
}

/** A worker at 97 % that fails everything for `seconds`, six times a day at random instants, and is well again by itself. */
export function blips(seconds: number, timesADay = 6): Stream {
  return (random) => {
    let startMs = gap(random, timesADay);
    return (atMs) => {
      if (atMs >= startMs + seconds * 1000) startMs = atMs + gap(random, timesADay);
      return atMs < startMs && random() < 0.97;
    };
  };
}

function gap(random: () => number, timesADay: number): number {
  return (-Math.log(1 - random()) * DAY_MS) / timesADay;
}

export function poisson(mean: number, random: () => number): number {
  let left = Math.exp(-mean);
  let count = 0;
  for (let draw = random(); draw > left; draw -= left, left *= mean / count) count++;
  return count;
}
