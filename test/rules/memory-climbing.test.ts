import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { randomFrom } from "../support/prng.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";

const MB = 1024 * 1024;
const MINUTE = 60_000;
const RULE = bindRule("memory-climbing", { limit: "512MB" });

/** MB by the age of the process in minutes. */
type Series = (ageMin: number) => number;

/** A process that is read every ten seconds from its start on, or from `fromMin`. */
class Watched {
  readonly memory = RULE.fresh(EPOCH);
  readonly view = { ...viewOf(), startedAtMs: 0 };
  readonly #series: Series;
  #atMin: number;

  constructor(series: Series, atMin = 0) {
    this.#series = series;
    this.#atMin = atMin;
  }

  /** Reads until then; answers the age, in minutes, at which it was first sick. */
  until(ageMin: number): number | null {
    let sickMin: number | null = null;
    for (; this.#atMin <= ageMin; this.#atMin += 1 / 6) {
      const atMs = Math.round(this.#atMin * MINUTE);
      this.view.nowMs = atMs;
      RULE.observe(this.memory, { kind: "memory", target: "api:0", atMs, bytes: Math.round(this.#series(this.#atMin) * MB) }, this.view);
      if (sickMin === null && this.judgement.state === "sick") sickMin = Math.round(this.#atMin);
    }
    return sickMin;
  }

  blindUntil(ageMin: number): this {
    this.#atMin = ageMin;
    return this;
  }

  get judgement() {
    return RULE.judge(this.memory, this.view);
  }

  get words(): string {
    return RULE.describe(this.memory, this.view, this.judgement);
  }

  get flip(): string {
    return RULE.flip(this.memory, this.view, this.judgement);
  }

  get verdict(): string {
    return RULE.verdict(this.memory, this.view);
  }
}

/** Normal noise of so many MB. */
function noise(mb: number, seed: number): () => number {
  const random = randomFrom(seed);
  return () => mb * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const saw = (ageMin: number, height: number, everyMin: number): number => height * ((ageMin / everyMin) % 1);
const steady: Series = () => 300;
const leak =
  (perHour: number): Series =>
  (ageMin) =>
    100 + (perHour * ageMin) / 60;

describe("memory-climbing, over a day of a process that does not leak, calls nobody sick:", () => {
  it.each<[string, Series]>([
    ["still", steady],
    ["noise round 450MB", () => 450],
    ["teeth of 5 min up to 500MB", (age) => 350 + saw(age, 150, 5)],
    ["teeth of 15 min", (age) => 350 + saw(age, 150, 15)],
    ["teeth of 25 min", (age) => 350 + saw(age, 150, 25)],
    ["teeth of 45 min", (age) => 200 + saw(age, 300, 45)],
    ["a tooth of four hours whose crest is no danger", (age) => 200 + saw(age, 150, 240)],
    ["a plateau of 480MB, neared within 20 min", (age) => 480 - 380 * Math.exp(-age / 20)],
    ["a plateau of 480MB, neared within an hour", (age) => 480 - 380 * Math.exp(-age / 60)],
    ["a plateau of 480MB, neared within two hours", (age) => 480 - 380 * Math.exp(-age / 120)],
    ["caches that fill evenly for an hour", (age) => 100 + 300 * Math.min(1, age / 60)],
    ["a step up", (age) => (age < 200 ? 200 : 490)],
    ["steps up, one every 90 min", (age) => 200 + 50 * Math.min(5, Math.floor(age / 90))],
    ["a spike of five minutes", (age) => (age > 300 && age < 305 ? 900 : 300)],
    ["day and night", (age) => 400 + 80 * Math.sin((2 * Math.PI * age) / 1440)],
  ])("%s", (_name, series) => {
    for (const seed of [1, 2, 3]) {
      const noisy = noise(3, seed);
      expect(new Watched((age) => series(age) + noisy()).until(1440), `seed ${seed}`).toBeNull();
    }
  });
});

describe("memory-climbing finds a leak before it is at the limit:", () => {
  it.each<[string, number, Series, readonly [number, number]]>([
    ["200MB an hour", 124, leak(200), [94, 96]],
    ["100MB an hour", 247, leak(100), [190, 220]],
    ["50MB an hour", 494, leak(50), [440, 480]],
    ["20MB an hour", 1236, leak(20), [1180, 1236]],
    ["100MB an hour under teeth of 5 min", 247, (age) => leak(100)(age) + saw(age, 100, 5), [180, 215]],
    ["50MB an hour under teeth of 15 min", 494, (age) => leak(50)(age) + saw(age, 100, 15), [380, 440]],
  ])("%s, at it after %i min", (_name, _limitMin, series, [fromMin, toMin]) => {
    for (const seed of [1, 2, 3]) {
      const noisy = noise(3, seed);
      const sickMin = new Watched((age) => series(age) + noisy()).until(toMin + 1);
      expect(sickMin, `seed ${seed}`).toBeGreaterThanOrEqual(fromMin);
      expect(sickMin, `seed ${seed}`).toBeLessThanOrEqual(toMin);
    }
  });

  it("leaves one that is quicker than its look back to memory-above", () => {
    expect(new Watched(leak(400)).until(62)).toBeNull();
  });
});

describe("memory-climbing", () => {
  it("never accuses a memory that does not rise, whatever it does else", () => {
    const falls = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(falls, fc.integer({ min: 1, max: 1e6 }), (each, seed) => {
        const noisy = noise(2, seed);
        const levels = each.reduce<number[]>((all, fall) => [...all, (all.at(-1) ?? 500) - fall], []);
        expect(new Watched((age) => (levels[Math.floor(age / 10)] ?? 0) + noisy()).until(240)).toBeNull();
      }),
      { numRuns: 25 },
    );
  });

  it("always finds an even leak that reaches the limit between 2 and 8 hours after the start, before it is there", () => {
    const input = fc.record({ limitMin: fc.integer({ min: 120, max: 480 }), base: fc.integer({ min: 20, max: 400 }) });
    fc.assert(
      fc.property(input, ({ limitMin, base }) => {
        const sickMin = new Watched((age) => base + ((512 - base) * age) / limitMin).until(limitMin);
        expect(sickMin).toBeLessThan(limitMin);
        expect(sickMin, "and no earlier than it looks ahead").toBeGreaterThanOrEqual(limitMin - 60);
      }),
      { numRuns: 25 },
    );
  });

  it("says in numbers how fast and how far", () => {
    const watched = new Watched(leak(100));
    watched.until(215);
    const { sinceMs, ...judgement } = watched.judgement;
    expect(judgement).toMatchObject({ state: "sick", sustained: true, threshold: 60, unit: "min until the limit" });
    expect(judgement.value).toBeGreaterThan(30);
    expect(judgement.value).toBeLessThan(37);
    expect(sinceMs).toBeGreaterThan(180 * MINUTE);
    expect(watched.words).toMatch(
      /^memory 45\d(\.\d)?MB, limit 512MB, climbing by 100MB an hour: there in 3\d m( \d+ s)? \(allowed: not within 1h\)$/,
    );
  });

  it("does not count the warm-up, and says so", () => {
    const watched = new Watched(leak(100));
    watched.until(10);
    expect(watched.judgement.state).toBe("unknown");
    expect(watched.words).toMatch(/; it may still be warming up \(allowed: 30m\)$/);
    expect(watched.flip).toBe("needs to be warm, in 20 m, and then readings for 1h");
  });

  it("of a process that is warm already needs only to be watched for as long as it looks ahead", () => {
    const watched = new Watched(leak(80), 180); // healer meets it three hours after its start
    watched.until(180 + 20.2);
    expect(watched.judgement.state).toBe("unknown");
    expect(watched.words).toMatch(/; watched for 20 m of the 1h in which a climb shows$/);
    expect(watched.flip).toBe("needs readings for 40 m more");
    const sickMin = watched.until(300); // 340MB at first: 512MB is an hour away after 69 min, and three looks take up to eight more
    expect(sickMin).toBeGreaterThanOrEqual(180 + 69);
    expect(sickMin).toBeLessThanOrEqual(180 + 69 + 8);
  });

  it("starts over after a hole of more than two spans, and bridges a shorter one", () => {
    const bridged = new Watched(steady);
    bridged.until(120);
    bridged.blindUntil(123).until(123);
    expect(bridged.judgement.state).toBe("fine");
    const broken = new Watched(steady);
    broken.until(120);
    broken.blindUntil(127).until(127);
    expect(broken.judgement.state).toBe("unknown");
    expect(broken.flip).toBe("needs readings for 1 h more");
  });

  it("says nothing when the last reading is more than a minute old, nor before the first", () => {
    const watched = new Watched(leak(200));
    watched.until(110);
    expect(watched.judgement.state).toBe("sick");
    watched.view.nowMs += MINUTE + 1;
    expect(watched.judgement).toMatchObject({ state: "unknown", value: null });
    expect(watched.words).toBe("memory unknown: no reading of its process tree");
    expect(watched.flip).toBe("needs a reading of its memory");
  });

  it("keeps thirty levels and no more, and they survive JSON", () => {
    const watched = new Watched(leak(1));
    watched.until(1440);
    expect(JSON.stringify(watched.memory).length).toBeLessThan(700);
    expect(JSON.parse(JSON.stringify(watched.memory))).toEqual(watched.memory);
  });

  it("clears when it stops climbing, as it says", () => {
    const watched = new Watched((age) => leak(100)(Math.min(age, 215)));
    expect(watched.until(215)).not.toBeNull();
    expect(watched.flip).toBe("clears when it stops climbing, or 512MB is more than 1h away");
    watched.until(245);
    expect(watched.judgement.state).toBe("fine");
    watched.until(280);
    expect(watched.words).toBe("memory 458.3MB, limit 512MB, not climbing");
  });

  it("says how much longer it would have to go on, and that is so", () => {
    const watched = new Watched(leak(50));
    watched.until(200);
    expect(watched.words).toMatch(/climbing by 50MB an hour: there in 4 h 5\d m/);
    expect(watched.flip).toMatch(/^would heal if it went on climbing until 512MB is less than 1h away, in about 3 h 5\d m$/);
    const sickMin = watched.until(480) ?? 0;
    expect(sickMin - 200).toBeGreaterThan(3 * 60 + 45);
    expect(sickMin - 200).toBeLessThan(4 * 60 + 15);
  });

  it("wants to see it three times", () => {
    const watched = new Watched(leak(200));
    watched.until(90.2); // an hour after the warm-up: the first look
    expect(watched.judgement).toMatchObject({ state: "fine" });
    expect(watched.flip).toBe("would heal if it went on climbing for 4 m more");
    watched.until(93.8);
    expect(watched.judgement.state).toBe("fine");
    watched.until(94.2);
    expect(watched.judgement.state).toBe("sick");
  });

  it("while nothing climbs says what would", () => {
    const watched = new Watched(steady);
    watched.until(120);
    expect(watched.flip).toBe("would heal if it climbed for 1h so steadily that 512MB would be reached within another 1h");
  });

  it("takes a heal for good once the memory has been given back", () => {
    const after = new Watched(steady);
    after.until(0.2);
    expect(after.verdict, "two readings").toBe("undecided");
    after.until(0.4);
    expect(after.verdict).toBe("recovered");
    const full = new Watched(() => 600);
    full.until(3);
    expect(full.verdict, "above the limit").toBe("undecided");
    const again = new Watched(leak(200));
    again.until(110);
    expect(again.verdict).toBe("failed");
  });

  it("wants a limit, and looks an hour back and ahead", () => {
    const params = RULES.find(({ name }) => name === "memory-climbing")?.params;
    expect(params?.safeParse({}).success).toBe(false);
    expect(params?.safeParse({ limit: "1G" }).data).toEqual({ limit: 1024 * MB, within: 3_600_000, warm_up: 1_800_000 });
    expect(params?.safeParse({ limit: "1G", within: "5m" }).success).toBe(false);
    expect(params?.safeParse({ limit: "1G", warm_up: 0 }).success).toBe(true);
  });

  it("advises where PM2 comes first, and where the machine has no more", () => {
    const rule = RULES.find(({ name }) => name === "memory-climbing")!;
    const advice = (limit: string, maxMemoryRestartBytes: number | null) =>
      rule
        .bind(rule.params.parse({ limit }), { key: "x", observeOnly: false, knobs: KNOBS })
        .advise({ groups: new Map([["api", [workerRow({ maxMemoryRestartBytes })]]]), hostMemoryBytes: 8 * 1024 * MB });
    expect(advice("512MB", null)).toEqual([]);
    expect(advice("512MB", 512 * MB)).toEqual([]);
    expect(advice("512MB", 300 * MB)).toMatchObject([{ key: "limit", write: "300MB" }]);
    expect(advice("8G", null)).toMatchObject([{ key: "limit", write: "6144MB" }]);
  });
});
