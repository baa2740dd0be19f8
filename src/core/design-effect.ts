import type { TaskWindows } from "./task-windows.ts";
import type { Window } from "./window.ts";

/**
 * How many tasks of a worker tell as much as one independent task: the variance of its success rate between blocks of
 * tasks, against what a binomial of the same rate would show (Kish's design effect). Failures that come in bursts of five
 * give about 8, independent ones 1.
 *
 * Neighbouring blocks are compared. Given the failures K of both, the squared difference of their rates over its
 * hypergeometric variance is 1 on average if the order of the tasks says nothing, whatever the rate is and however slowly it
 * changes. A collapse is one such pair and no habit: a pair counts for at most `PAIR_MAX` times the mean of all. Little
 * history counts little. A function of the windows alone, so it outlives a heal, a restart and an edit; costs one pass
 * over a ring.
 */
export function designEffect(windows: TaskWindows): DesignEffect {
  const { hour, day } = windows;
  const blocks = blocksOf(hour.totalOk + hour.totalFailed >= HOUR_TASKS_MIN ? hour : day);
  const pairs = pairsOf(blocks);
  let effect = 1;
  for (let pass = 0; pass < PASSES; pass++) effect = meanOf(pairs, PAIR_MAX * effect);
  const weight = pairs.reduce((sum, pair) => sum + pair.weight, PRIOR_WEIGHT);
  const proven = effect / (1 + CAUTION * Math.sqrt(2 / weight));
  return { tasksAsOne: Math.min(EFFECT_MAX, Math.max(1, proven)), isKnown: blocks.length >= KNOWN_BLOCKS_MIN };
}

export interface DesignEffect {
  /** From 1 to 20. */
  readonly tasksAsOne: number;
  /** Enough tasks were seen to tell bursts from none. */
  readonly isKnown: boolean;
}

const PRIOR_WEIGHT = 6; // pairs that say 1: a new worker's tasks count as independent
const CAUTION = 0.5; // standard errors that are taken off: chance alone must not slow the test of a clean worker
const EFFECT_MAX = 20; // beyond, nothing but an hour of failures would ever prove anything
const PAIR_MAX = 6; // independent blocks exceed it once in 70
const PASSES = 4; // each raises the limit of a pair to what the pass before has found
const BLOCK_TASKS_MIN = 30; // long enough to hold bursts of five whole
const HOUR_TASKS_MIN = 40 * BLOCK_TASKS_MIN; // below, the hour holds too few blocks and the day is asked
const KNOWN_BLOCKS_MIN = 6; // four hours at one task a minute, half an hour at ten

interface Pair {
  /** Squared difference over its variance: 1 on average for independent tasks. */
  readonly ratio: number;
  /** One failure says nothing of bursts, two say little. */
  readonly weight: number;
}

function meanOf(pairs: readonly Pair[], ratioMax: number): number {
  let sum = PRIOR_WEIGHT;
  let weights = PRIOR_WEIGHT;
  for (const { ratio, weight } of pairs) {
    sum += weight * Math.min(ratio, ratioMax);
    weights += weight;
  }
  return sum / weights;
}

interface Block {
  readonly tasks: number;
  readonly failed: number;
}

function pairsOf(blocks: readonly Block[]): readonly Pair[] {
  const pairs: Pair[] = [];
  let before: Block | null = null;
  for (const block of blocks) {
    const pair = before === null ? null : pairOf(before, block);
    if (pair !== null) pairs.push(pair);
    before = block;
  }
  return pairs;
}

function pairOf(one: Block, other: Block): Pair | null {
  const tasks = one.tasks + other.tasks;
  const failed = one.failed + other.failed;
  const rarer = Math.min(failed, tasks - failed);
  if (rarer < 2) return null;
  const difference = one.failed / one.tasks - other.failed / other.tasks;
  const variance = ((failed * (tasks - failed)) / (tasks * (tasks - 1))) * (1 / one.tasks + 1 / other.tasks);
  return { ratio: (difference * difference) / variance, weight: 1 - 1 / rarer };
}

/**
 * Whole blocks, oldest first: so many buckets each, from a bucket number they divide, that they hold enough tasks on average.
 * One with less than half of that is left out, and the newest, unfinished one.
 */
function blocksOf(window: Window): readonly Block[] {
  const oldest = oldestFilled(window);
  const mean = (window.totalOk + window.totalFailed) / (window.current - oldest + 1);
  let length = 1;
  while (length * mean < BLOCK_TASKS_MIN && length < BLOCK_BUCKETS_MAX) length *= 2;
  const blocks: Block[] = [];
  for (let first = Math.ceil(oldest / length) * length; first + length <= window.current; first += length) {
    const block = sumOf(window, first, length);
    if (2 * block.tasks >= BLOCK_TASKS_MIN) blocks.push(block);
  }
  return blocks;
}

const BLOCK_BUCKETS_MAX = 32;

function oldestFilled(window: Window): number {
  let bucket = Math.max(0, window.current - window.buckets + 1);
  while (bucket < window.current && isEmpty(window, bucket % window.buckets)) bucket++;
  return bucket;
}

function isEmpty(window: Window, slot: number): boolean {
  return window.ok[slot] === 0 && window.failed[slot] === 0;
}

function sumOf(window: Window, first: number, length: number): Block {
  let ok = 0;
  let failed = 0;
  for (let bucket = first; bucket < first + length; bucket++) {
    ok += window.ok[bucket % window.buckets] ?? 0;
    failed += window.failed[bucket % window.buckets] ?? 0;
  }
  return { tasks: ok + failed, failed };
}
