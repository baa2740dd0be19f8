import type { z } from "zod";
import type { BoundRule, Epoch, Judgement, RuleVerdict, TargetView } from "../core/judgement.ts";
import type { Observation } from "../core/observation.ts";
import type { Knobs } from "../core/strategy.ts";
import { hash32 } from "../core/text-hash.ts";
import type { WorkerRow } from "../core/worker-row.ts";

/**
 * The contract of a rule. A rule is pure: observations in, judgement out; no clock, no I/O. One file per rule, named
 * like the YAML; one line in `registry.ts`. `docs/adding-a-rule.md` walks the shortest one.
 */
export interface RuleDefinition<Params, Memory> {
  /** The YAML name. */
  readonly name: string;
  /** One line for `docs`, `check` and the JSON Schema. */
  readonly summary: string;
  /** Parameters besides `rule` and `mode`; a strict object whose defaults make the bare name usable. */
  readonly params: z.ZodType<Params>;
  /** What must be watched for this rule; sensors look only where a rule needs it. */
  readonly needs: readonly Need[];
  /** Knobs its memory depends on: when one of them changes the rule begins anew, as with a parameter. */
  readonly knobs?: readonly (keyof Knobs)[];
  /** Parameters that may hold passwords: of them only a digest enters the fingerprint, which is saved with the state. */
  readonly secrets?: readonly (keyof Params & string)[];
  /** Whom it judges; of some rules that depends on what their parameters ask. */
  readonly scope: BoundRule["scope"] | ((params: Params) => BoundRule["scope"]);
  readonly actsInGrace: boolean;
  /** Its symptom is work that goes badly, which may be the machine's doing; left out = something is wrong with the process itself. */
  readonly aboutWork?: boolean;
  /** While it is sick, no heal of another rule counts as recovered. */
  readonly secondOpinion?: boolean;
  /** Name of the one action this rule ever asks for; null = the strategy's ladder. */
  readonly action: string | null;
  /** Only tells, as with `mode: observe`, unless `mode: heal` stands beside its name. */
  readonly tellsOnly?: boolean;
  fresh(epoch: Epoch, bound: Bound<Params>): Memory;
  observe(memory: Memory, observation: Observation, view: TargetView, bound: Bound<Params>): void;
  judge(memory: Memory, view: TargetView, bound: Bound<Params>): Judgement;
  /** Left out: symptom absent on ≥ 3 fresh observations = recovered, present or dead = failed, else undecided. */
  verdict?(memory: Memory, view: TargetView, bound: Bound<Params>): RuleVerdict;
  describe(memory: Memory, view: TargetView, judgement: Judgement, bound: Bound<Params>): string;
  flip(memory: Memory, view: TargetView, judgement: Judgement, bound: Bound<Params>): string;
  /** How soon it speaks, for `check`. Left out where that depends on more than parameters and knobs. */
  timing?(bound: Bound<Params>): RuleTiming;
  /** What is valid and still never or rarely fires, seen beside the running apps. */
  advise?(bound: Bound<Params>, scene: Scene): readonly RuleAdvice[];
}

export interface RuleTiming {
  /** From the first bad fact until the symptom is sustained. */
  readonly bestMs: number;
  readonly worstMs: number;
  /** How long the evidence takes, after a heal, that it helped; the grace period passes meanwhile. */
  readonly proofMs: number;
  /** What the two times are made of: "stopped by a signal 15 s, burning CPU 1 m 30 s". */
  readonly words: string;
}

/** What a rule may look at when it advises: PM2's rows of its strategy, by group; none where PM2 was not asked. */
export interface Scene {
  readonly groups: ReadonlyMap<string, readonly WorkerRow[]>;
  /** The strategy names a queue. */
  readonly hasQueue?: boolean;
  readonly hostMemoryBytes: number | null;
}

export interface RuleAdvice {
  /** The parameter it is about; null = the rule. */
  readonly key: string | null;
  readonly message: string;
  /** What to write instead, as it stands in the file; null = nothing there helps. */
  readonly write: string | null;
  /** Worth knowing, and no mistake. */
  readonly isNote?: boolean;
}

export type Need =
  | "tasks"
  | "queue"
  | "probe"
  | "memory"
  | "cpu"
  | "files"
  | "pulse"
  | "loop-turns"
  | "exits"
  | "heartbeat"
  | "loop-delay"
  | "exceptions"
  | "log";

export interface Bound<Params> {
  readonly params: Params;
  readonly knobs: Knobs;
  readonly key: string;
}

export interface BindOptions {
  readonly key: string;
  readonly observeOnly: boolean;
  readonly knobs: Knobs;
}

/** A rule with its types erased, as the registry holds it. `params` may be read to build schemas and docs. */
export interface Rule {
  readonly name: string;
  readonly summary: string;
  readonly params: z.ZodType;
  readonly needs: readonly Need[];
  readonly tellsOnly: boolean;
  /** `params` must have come out of this rule's own schema. */
  bind(params: unknown, options: BindOptions): BoundRule & BoundExtras;
}

/** What sensors and `check` want to know of a bound rule besides what the core does. */
interface BoundExtras {
  readonly needs: readonly Need[];
  readonly params: unknown;
  readonly timing: RuleTiming | null;
  readonly advise: (scene: Scene) => readonly RuleAdvice[];
}

const FRESH_OBSERVATIONS_MIN = 3; // one good reading may be luck; three in a row after grace is a recovery

export function defineRule<Params, Memory>(definition: RuleDefinition<Params, Memory>): Rule {
  return {
    name: definition.name,
    summary: definition.summary,
    params: definition.params,
    needs: definition.needs,
    tellsOnly: definition.tellsOnly === true,
    bind: (params, options) => bindRule(definition, params as Params, options),
  };
}

/** The one place where types are erased: the core hands back exactly the memory that `fresh` made. */
function bindRule<Params, Memory>(
  definition: RuleDefinition<Params, Memory>,
  params: Params,
  options: BindOptions,
): ReturnType<Rule["bind"]> {
  const bound: Bound<Params> = { params, knobs: options.knobs, key: options.key };
  const judge = (memory: unknown, view: TargetView): Judgement => definition.judge(memory as Memory, view, bound);
  return {
    key: options.key,
    name: definition.name,
    fingerprint: fingerprintOf(definition, bound),
    scope: typeof definition.scope === "function" ? definition.scope(params) : definition.scope,
    actsInGrace: definition.actsInGrace,
    action: definition.action,
    observeOnly: options.observeOnly,
    aboutWork: definition.aboutWork === true,
    secondOpinion: definition.secondOpinion === true,
    needs: definition.needs,
    params,
    timing: definition.timing?.(bound) ?? null,
    advise: (scene) => definition.advise?.(bound, scene) ?? [],
    fresh: (epoch) => definition.fresh(epoch, bound),
    observe: (memory, observation, view) => definition.observe(memory as Memory, observation, view, bound),
    judge,
    verdict: (memory, view) =>
      definition.verdict === undefined ? verdictBySymptom(judge(memory, view)) : definition.verdict(memory as Memory, view, bound),
    describe: (memory, view, judgement) => definition.describe(memory as Memory, view, judgement, bound),
    flip: (memory, view, judgement) => definition.flip(memory as Memory, view, judgement, bound),
  };
}

/** An edit of a secret still changes it, and begins a new epoch. */
function fingerprintOf<Params, Memory>(definition: RuleDefinition<Params, Memory>, { params, knobs }: Bound<Params>): string {
  const secrets: readonly string[] = definition.secrets ?? [];
  const digested = (key: string, value: unknown): unknown =>
    secrets.includes(key) && value !== undefined ? hash32(JSON.stringify(value)) : value;
  return JSON.stringify([definition.name, params, ...(definition.knobs ?? []).map((knob) => knobs[knob])], digested);
}

function verdictBySymptom(judgement: Judgement): RuleVerdict {
  if (judgement.dead || (judgement.state === "sick" && judgement.sustained)) return "failed";
  if (judgement.state === "unknown" || judgement.state === "sick" || judgement.n < FRESH_OBSERVATIONS_MIN) return "undecided";
  return "recovered";
}
