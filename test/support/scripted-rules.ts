import type { BoundRule, Epoch, Judgement, RuleVerdict, TargetView } from "../../src/core/judgement.ts";
import { NO_JUDGEMENT } from "../../src/core/state.ts";

/** What a scripted rule says of one target, whatever it observed. */
export interface Script {
  readonly state: Judgement["state"];
  readonly sustained: boolean;
  readonly dead: boolean;
  readonly verdict: RuleVerdict;
  readonly recently?: "good" | "doubtful";
}

export const FINE: Script = { state: "fine", sustained: false, dead: false, verdict: "recovered" };
export const SICK: Script = { state: "sick", sustained: true, dead: false, verdict: "failed" };

/** A rule whose words the test puts into its mouth, target by target. Targets without a script are fine. */
export function scriptedRule(scripts: ReadonlyMap<string, Script>, changes: Partial<BoundRule> = {}): BoundRule {
  const key = changes.key ?? "probe";
  const scriptOf = (view: TargetView): Script => scripts.get(view.id) ?? FINE;
  return {
    key,
    name: key,
    fingerprint: key,
    scope: "worker",
    actsInGrace: false,
    action: null,
    observeOnly: false,
    fresh: (epoch) => ({ epochAtMs: epoch.atMs }),
    observe() {},
    judge(_memory, view) {
      const { state, sustained, dead, recently } = scriptOf(view);
      const newest = recently === undefined ? {} : { recently };
      return {
        ...NO_JUDGEMENT,
        ...newest,
        state,
        sustained,
        dead,
        sinceMs: state === "sick" ? view.nowMs : null,
        value: 1,
        threshold: 3,
        n: 5,
      };
    },
    verdict: (_memory, view) => scriptOf(view).verdict,
    describe: (_memory, view, judgement) => `${key} says ${judgement.state} of ${view.id}`,
    flip: () => "the test says otherwise",
    ...changes,
  };
}

/** The crash-loop rule in small: three exits within five minutes, proven by a minute of life after the start. */
export function stormRule(): BoundRule {
  const epochOf = (memory: unknown): number => (memory as Epoch).atMs;
  const exitsAfter = (view: TargetView, atMs: number): number => view.exits.filter((exit) => exit > atMs).length;
  return {
    ...scriptedRule(new Map()),
    key: "storm",
    name: "storm",
    fingerprint: "storm",
    actsInGrace: true,
    action: "hold-down",
    fresh: (epoch) => ({ ...epoch }),
    judge(memory, view) {
      const exits = exitsAfter(view, Math.max(epochOf(memory), view.nowMs - 300_000));
      const isSick = exits >= 3 || view.row?.status === "errored";
      return {
        ...NO_JUDGEMENT,
        state: isSick ? "sick" : "fine",
        sustained: isSick,
        dead: isSick,
        sinceMs: isSick ? view.nowMs : null,
        n: 3,
      };
    },
    verdict(memory, view) {
      if (exitsAfter(view, epochOf(memory)) > 0 || view.row?.status === "errored") return "failed";
      return view.row?.pid != null && view.nowMs - epochOf(memory) >= 60_000 ? "recovered" : "undecided";
    },
    describe: (_memory, view) => `${view.exits.length} exits`,
  };
}
