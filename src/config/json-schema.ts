import { z } from "zod";
import { ACTIONS } from "../actions/registry.ts";
import { NOTIFIER_KINDS } from "../notifiers/registry.ts";
import { RULES } from "../rules/registry.ts";
import { QUEUE_KINDS } from "../sensors/registry.ts";
import { DEFAULTS_SCHEMA } from "./knobs.ts";
import { RULE_MODE, STRATEGY_SCHEMA, TOP_SCHEMA } from "./schema.ts";

/** JSON Schema (draft 2020-12) of the whole file for editors, with every rule, queue and notifier this version knows. */
export function configSchema(): Readonly<Record<string, unknown>> {
  const strategy = STRATEGY_SCHEMA.extend({
    rules: z.array(anyOf([z.enum(namesOf(RULES)), ...RULES.map(ruleSchema)])).optional(),
    actions: z
      .array(z.enum(namesOf(ACTIONS)))
      .min(1)
      .optional(),
  });
  const whole = TOP_SCHEMA.extend({
    defaults: DEFAULTS_SCHEMA.optional(),
    queues: z.record(z.string(), anyOf(QUEUE_KINDS.map(kindSchema))).optional(),
    strategies: z.array(strategy),
    notify: z.array(anyOf(NOTIFIER_KINDS.map(kindSchema))).optional(),
  });
  return { title: "healer.config.yaml", ...z.toJSONSchema(whole, { io: "input", unrepresentable: "any" }) };
}

interface Kind {
  readonly type: string;
  readonly summary: string;
  readonly params: z.ZodType;
}

function kindSchema(kind: Kind): z.ZodType {
  return withKeys(kind.params, { type: z.literal(kind.type) }).describe(kind.summary);
}

function ruleSchema(rule: { readonly name: string; readonly summary: string; readonly params: z.ZodType }): z.ZodType {
  return withKeys(rule.params, { rule: z.literal(rule.name), mode: RULE_MODE }).describe(rule.summary);
}

/** A drawer's parameters are an object schema; anything else stands as it is. */
function withKeys(params: z.ZodType, keys: z.ZodRawShape): z.ZodType {
  return params instanceof z.ZodObject ? params.safeExtend(keys) : params;
}

function anyOf(members: readonly z.ZodType[]): z.ZodType {
  return members.length === 0 ? z.unknown() : z.union([...members]);
}

function namesOf(entries: readonly { readonly name: string }[]): string[] {
  return entries.map(({ name }) => name);
}
