import { describe, expect, it } from "vitest";
import type { Observation } from "../../src/core/observation.ts";
import { RULES } from "../../src/rules/registry.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";
import { KNOBS } from "../support/core-policy.ts";

const RULE = bindRule("heartbeat-missing", { for: "60s" });

/** Looks as [second, "beat"] or [second, since when looked at]; asked at `nowS`, or at the last look. */
function seen(looks: readonly (readonly [number, "beat" | number])[], nowS = looks.at(-1)?.[0] ?? 0) {
  const memory = RULE.fresh(EPOCH);
  const view = { ...viewOf(), nowMs: nowS * 1000 };
  for (const [atS, what] of looks) {
    const at = { target: "api:0", atMs: atS * 1000 };
    const observation: Observation = what === "beat" ? { kind: "heartbeat", ...at } : { kind: "silence", ...at, sinceMs: what * 1000 };
    RULE.observe(memory, observation, view);
  }
  const judgement = RULE.judge(memory, view);
  const words = RULE.describe(memory, view, judgement);
  return { judgement, words, flip: RULE.flip(memory, view, judgement), verdict: RULE.verdict(memory, view) };
}

/** Silent looks every five seconds from the one after `fromS` on. */
function silent(fromS: number, toS: number, sinceS = 0): readonly (readonly [number, number])[] {
  return Array.from({ length: Math.floor((toS - fromS) / 5) }, (_, look) => [fromS + 5 * (look + 1), sinceS] as const);
}

describe("heartbeat-missing", () => {
  it.each<[string, Parameters<typeof seen>[0], string]>([
    ["nobody looked", [], "unknown"],
    ["never a heartbeat, for ten minutes", silent(0, 600), "unknown"],
    ["a heartbeat just now", [[10, "beat"]], "fine"],
    ["silence for 55 s", [[10, "beat"], ...silent(10, 65)], "fine"],
    ["silence for 60 s", [[10, "beat"], ...silent(10, 70)], "sick"],
    ["a heartbeat on the way", [[10, "beat"], ...silent(10, 60), [62, "beat"], ...silent(62, 110)], "fine"],
    ["a hole in healer's looking, from which the silence starts over", [[10, "beat"], ...silent(10, 50), ...silent(300, 355, 305)], "fine"],
    ["60 s of silence after such a hole", [[10, "beat"], ...silent(10, 50), ...silent(300, 365, 305)], "sick"],
  ])("%s: %s", (_name, looks, state) => {
    expect(seen(looks).judgement).toMatchObject({ state, sustained: state === "sick", unit: "s without a heartbeat" });
  });

  it("measures silence between looks: time in which nobody looked adds nothing to it, and after long it says nothing", () => {
    const looks = [[10, "beat"], ...silent(10, 60)] as const;
    expect(seen(looks, 149).judgement).toMatchObject({ state: "fine", value: 50 });
    expect(seen(looks, 151).judgement).toMatchObject({ state: "unknown", value: null });
    expect(seen(looks, 151).words).toBe("nobody has looked for its heartbeat for 1 m 31 s");
  });

  it("counts heartbeats that come over HTTP, between looks that find none in PM2", () => {
    const looks = Array.from({ length: 30 }, (_, round) => [[5 * round, 0] as const, [5 * round + 2, "beat"] as const]).flat();
    expect(seen(looks).judgement).toMatchObject({ state: "fine", n: 30 });
  });

  it("says since when, with the numbers", () => {
    const { judgement, words } = seen([[10, "beat"], ...silent(10, 85)]);
    expect(judgement).toMatchObject({ state: "sick", sinceMs: 10_000, value: 75, threshold: 60, n: 1 });
    expect(words).toBe("no heartbeat for 1 m 15 s (allowed: 1m)");
    expect(seen([[10, "beat"]]).words).toBe("it has a heartbeat (1 beat seen)");
  });

  it("says what would change its mind, and that is so", () => {
    expect(seen([]).flip).toBe("needs to show a heartbeat first; until then its silence means nothing");
    const quiet = [[10, "beat"], ...silent(10, 50)] as const;
    expect(seen(quiet).flip).toBe("would heal if it showed none for 20 s more");
    expect(seen([...quiet, ...silent(50, 65)]).judgement.state).toBe("fine");
    expect(seen([...quiet, ...silent(50, 70)]).judgement.state).toBe("sick");
    expect(seen([...quiet, ...silent(50, 70)]).flip).toBe("clears with the next heartbeat");
    expect(seen([...quiet, ...silent(50, 70), [71, "beat"]]).judgement.state).toBe("fine");
    expect(seen(quiet, 200).flip).toBe("needs a look at its heartbeats; none for 1m would heal");
  });

  it.each<[string, Parameters<typeof seen>[0], string]>([
    ["nothing", [], "undecided"],
    ["two heartbeats", [[5, "beat"], [10, "beat"]], "undecided"], // prettier-ignore
    ["three heartbeats", [[5, "beat"], [10, "beat"], [15, "beat"]], "recovered"], // prettier-ignore
    ["one, and then none", [[5, "beat"], ...silent(5, 70)], "failed"],
  ])("after a heal followed by %s says %s", (_what, looks, verdict) => {
    expect(seen(looks).verdict).toBe(verdict);
  });

  it("takes 60 s where nothing is said, and refuses what a PM2 that hangs for a moment would break", () => {
    const params = RULES.find((rule) => rule.name === "heartbeat-missing")?.params;
    expect(params?.safeParse({}).data).toEqual({ for: 60_000 });
    expect(params?.safeParse({ for: "20s" }).success).toBe(false);
  });

  it("advises where no worker of an app has shown that it uses the SDK", () => {
    const rule = RULES.find(({ name }) => name === "heartbeat-missing");
    const bound = rule?.bind({ for: 60_000 }, { key: "heartbeat-missing", observeOnly: false, knobs: KNOBS });
    const report = { ok: 0, failed: 0, beats: 1, loopDelayMs: null, isClosed: false };
    const advise = (reports: readonly (typeof report | null)[]) =>
      bound?.advise({ groups: new Map([["api", reports.map((each) => workerRow({ report: each }))]]), hostMemoryBytes: null });
    expect(advise([null, null])).toMatchObject([{ isNote: true, message: expect.stringContaining("POST /api/heartbeat") as unknown }]);
    expect(advise([null, report])).toEqual([]);
    expect(advise([])).toEqual([]);
  });
});
