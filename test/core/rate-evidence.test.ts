import { describe, expect, it } from "vitest";
import type { RateEvidence } from "../../src/core/rate-evidence.ts";
import { randomFrom } from "../support/prng.ts";
import { EPOCH } from "../support/rule-bound.ts";
import { Watched } from "../support/watched-rate.ts";

const HOUR = 3_600_000;
const EVERY_MS = 6000;
const SEED = 21;
const FIVE_FAILURES_IN_A_ROW = { end: 0.2, begin: 0.0222 }; // on average; 90 % of all tasks are good

function bursts(random: () => number): () => boolean {
  let isBad = false;
  return () => {
    isBad = random() < (isBad ? 1 - FIVE_FAILURES_IN_A_ROW.end : FIVE_FAILURES_IN_A_ROW.begin);
    return !isBad;
  };
}

function evidenceOf(worker: Watched): RateEvidence {
  return worker.memory as RateEvidence;
}

/** Tasks after a change of fate until the rule would heal. */
function tasksUntilHeal(worker: Watched, isOk: () => boolean): number {
  for (let count = 1; count <= 5000; count++) {
    const ok = isOk();
    worker.tasks(worker.view.nowMs + EVERY_MS, ok ? 1 : 0, ok ? 0 : 1);
    if (worker.judge().sustained) return count;
  }
  return Infinity;
}

describe(`a worker whose failures come in bursts of five (ten tasks a minute, seed ${SEED})`, () => {
  it("is left alone for four days, once it is known", () => {
    const worker = new Watched();
    const next = bursts(randomFrom(SEED));
    let healsAfterHalfADay = 0;
    for (let atMs = EVERY_MS; atMs <= 4.5 * 24 * HOUR; atMs += EVERY_MS) {
      const ok = next();
      worker.tasks(atMs, ok ? 1 : 0, ok ? 0 : 1);
      if (worker.judge().sustained && atMs > 12 * HOUR) healsAfterHalfADay++;
    }
    expect(healsAfterHalfADay).toBe(0);
    expect(evidenceOf(worker).bursts?.tasksAsOne).toBeGreaterThan(4);
  });

  it("is healed nevertheless when it collapses to 20 %, and the proof says why it took so many tasks", () => {
    const random = randomFrom(SEED);
    const worker = new Watched();
    worker.stream(EVERY_MS, 24 * HOUR, bursts(random));
    expect(tasksUntilHeal(worker, () => random() < 0.2)).toBeLessThan(350);
    expect(worker.say()).toMatch(
      /^last \d+ tasks: \d+ ok, at most \d\d %; 1 h: .* \(its failures come in bursts: \d\.\d tasks count as one\)/,
    );
  });

  it("keeps being known after a heal: the new epoch forgets what speaks against it, not its habits", () => {
    const worker = new Watched();
    worker.stream(EVERY_MS, 24 * HOUR, bursts(randomFrom(SEED)));
    const known = evidenceOf(worker).bursts?.tasksAsOne ?? 0;
    worker.memory = worker.rule.fresh({ ...EPOCH, atMs: 24 * HOUR });
    worker.tasks(24 * HOUR + EVERY_MS, 1, 0);
    expect(evidenceOf(worker).bursts?.tasksAsOne).toBeGreaterThan(known / 1.5);
  });
});

describe("a worker whose tasks are independent", () => {
  it(`is healed of a collapse from 97 to 20 % within 45 tasks in the median (ten a minute, 15 runs from seed ${SEED})`, () => {
    const counts = Array.from({ length: 15 }, (_, run) => {
      const random = randomFrom(SEED + run);
      const worker = new Watched();
      worker.stream(EVERY_MS, 3 * HOUR, () => random() < 0.97);
      return tasksUntilHeal(worker, () => random() < 0.2);
    });
    expect(counts.sort((one, other) => one - other)[7]).toBeLessThanOrEqual(45);
  });

  it("is not looked at for a collapse before a few blocks of its tasks are known: a new one may be of the bursty kind", () => {
    const known = new Watched();
    known.stream(EVERY_MS, 3 * HOUR, () => true);
    const unknown = new Watched();
    unknown.stream(EVERY_MS, 5 * 60_000, () => true);
    const failing = (): boolean => false;
    expect(tasksUntilHeal(known, failing)).toBe(25); // (11.9 + 1.4) / 0.916, then ten more in the minute
    expect(tasksUntilHeal(unknown, failing)).toBe(34); // (11.9 + 0.3) / 0.511, and the same
  });

  it("does not learn from its own collapse while it is suspicious", () => {
    const worker = new Watched();
    worker.stream(EVERY_MS, 3 * HOUR, () => true);
    const before = evidenceOf(worker).bursts;
    worker.stream(EVERY_MS, 3 * HOUR + 20 * 60_000, (index) => index % 5 === 0);
    expect(evidenceOf(worker).bursts?.tasksAsOne).toBe(before?.tasksAsOne);
  });
});

describe("evidence saved by an older version", () => {
  it("goes on where it stood: the sum it has counts, what it lacks begins anew", () => {
    const worker = new Watched();
    worker.stream(EVERY_MS, 20 * EVERY_MS, () => false);
    const { collapse, bursts: learned, ...old } = evidenceOf(worker);
    expect([collapse?.failed, learned?.tasksAsOne]).toEqual([20, 1]);
    worker.memory = JSON.parse(JSON.stringify(old));
    expect(worker.judge().state).toBe("sick"); // six failures of six are below 70 % for the window's test as well
    worker.tasks(21 * EVERY_MS, 0, 1);
    expect(evidenceOf(worker)).toMatchObject({ runFailed: 21, collapse: { failed: 1 } });
  });
});
