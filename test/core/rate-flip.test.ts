import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goodTasksUntilClear, isFailureOf, nextProof, taskEveryMs, type RateNow } from "../../src/core/rate-flip.ts";
import type { RateEvidence } from "../../src/core/rate-evidence.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import { KNOBS } from "../support/core-policy.ts";
import { randomFrom } from "../support/prng.ts";
import { Watched } from "../support/watched-rate.ts";

/**
 * What `success-rate` says would change its mind is tried on the rule itself: with as many failures as it says it does, and
 * with one less it does not. fast-check prints the seed of a failure; HEALER_SEED tries others.
 */

const RUNS = { seed: Number(process.env["HEALER_SEED"] ?? 20_261_125), numRuns: Number(process.env["HEALER_RUNS"] ?? 120) };

const life = fc.record({
  seed: fc.nat(),
  everyMs: fc.constantFrom(100, 1000, 6000, 60_000),
  goodTasks: fc.constantFrom(0, 5, 30, 400),
  badTasks: fc.nat(40),
  badRate: fc.constantFrom(0, 0.2, 0.5, 0.65),
  knobs: fc.constantFrom<Partial<Knobs>>(
    {},
    { sustainMs: 3000, windowMs: 60_000 },
    { effectSizePercent: 60 },
    { minSuccessRatePercent: 90, effectSizePercent: 5 },
    { timeWeightingHalfLifeMs: 120_000 },
    { maxFalseHealsPerWorkerDay: 1e9, minTasks: { fast: 3, short: 5, long: 100 } },
  ),
});

type Life = typeof life extends fc.Arbitrary<infer Shape> ? Shape : never;

function live({ seed, everyMs, goodTasks, badTasks, badRate, knobs }: Life): Watched {
  const random = randomFrom(seed);
  const worker = new Watched(knobs);
  worker.stream(everyMs, goodTasks * everyMs, () => random() < 0.97);
  worker.stream(everyMs, worker.view.nowMs + badTasks * everyMs, () => random() < badRate);
  worker.judge();
  return worker;
}

const evidenceOf = (worker: Watched): RateEvidence => worker.memory as RateEvidence;
const nowOf = (worker: Watched, knobs: Partial<Knobs>): RateNow => ({
  knobs: { ...KNOBS, ...knobs },
  windows: worker.view.tasks,
  nowMs: worker.view.nowMs,
});

/** The same worker after `of` tasks of which `failed` fail, as the sentence means it. */
function fed(drawn: Life, course: { failed: number; of: number }): { worker: Watched; everyMs: number } {
  const worker = live(drawn);
  const everyMs = taskEveryMs(evidenceOf(worker), nowOf(worker, drawn.knobs));
  worker.stream(everyMs, worker.view.nowMs + course.of * everyMs + everyMs / 2, (index) => !isFailureOf(course, index));
  return { worker, everyMs };
}

describe("what a rate's flip says", () => {
  it(`comes true: so many failures prove it, and one less does not (seed ${RUNS.seed})`, () => {
    let tried = 0;
    fc.assert(
      fc.property(life, (drawn) => {
        const worker = live(drawn);
        const proof = nextProof(evidenceOf(worker), nowOf(worker, drawn.knobs));
        if (worker.judge().state === "sick" || proof === null) return;
        tried++;
        const { worker: enough, everyMs } = fed(drawn, proof);
        expect(enough.judge()).toMatchObject({ state: "sick", sustained: proof.thenMs === 0 });
        if (proof.failed > 1) expect(fed(drawn, { failed: proof.failed - 1, of: proof.of }).worker.judge().state).not.toBe("sick");
        enough.stream(everyMs, enough.view.nowMs + proof.thenMs + everyMs, () => false);
        expect(enough.judge()).toMatchObject({ state: "sick", sustained: true });
        expect(fed(drawn, { failed: proof.inARow, of: proof.inARow }).worker.judge().state).toBe("sick");
        if (proof.inARow > 1) expect(fed(drawn, { failed: proof.inARow - 1, of: proof.inARow - 1 }).worker.judge().state).not.toBe("sick");
      }),
      RUNS,
    );
    expect(tried, "lives in which there was something to say").toBeGreaterThan(RUNS.numRuns / 3);
  });

  it(`comes true of a proof too: so many good tasks take it back, and one less do not (seed ${RUNS.seed})`, () => {
    let tried = 0;
    fc.assert(
      fc.property(life, (drawn) => {
        const worker = live(drawn);
        const good = goodTasksUntilClear(evidenceOf(worker), nowOf(worker, drawn.knobs));
        if (worker.judge().state !== "sick" || good === null) return;
        tried++;
        expect(fed(drawn, { failed: 0, of: good }).worker.judge().state).not.toBe("sick");
        if (good > 1) expect(fed(drawn, { failed: 0, of: good - 1 }).worker.judge().state).toBe("sick");
      }),
      RUNS,
    );
    expect(tried, "lives in which there was something to say").toBeGreaterThan(RUNS.numRuns / 8);
  });

  it("changes nothing of what it looks at", () => {
    const drawn: Life = { seed: 1, everyMs: 6000, goodTasks: 400, badTasks: 20, badRate: 0.2, knobs: { timeWeightingHalfLifeMs: 120_000 } };
    const worker = live(drawn);
    const before = structuredClone({ memory: worker.memory, tasks: worker.view.tasks });
    worker.flip();
    nextProof(evidenceOf(worker), nowOf(worker, drawn.knobs));
    goodTasksUntilClear(evidenceOf(worker), nowOf(worker, drawn.knobs));
    expect({ memory: worker.memory, tasks: worker.view.tasks }).toEqual(before);
  });
});
