import type { RuleAdvice } from "../rules/rule.ts";
import type { Advice, Remark } from "./advice.ts";
import type { CompiledRule } from "./bind-rules.ts";
import type { Compiled } from "./compiled.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";
import { formatPath } from "./config-error.ts";
import { knobRemarks } from "./knob-remarks.ts";
import type { Observed } from "./observed.ts";
import { observedRemarks } from "./observed-remarks.ts";
import { runningRemarks } from "./running-remarks.ts";
import type { Selection } from "./selection.ts";

/** What is valid and still worth a second look. `selection` and `observed` add what only the running apps can tell. */
export function lintConfig(compiled: Compiled, selection: Selection | null, observed: Observed = {}): readonly Advice[] {
  const groupsOf = (strategy: CompiledStrategy) => selection?.chosen.find((one) => one.strategy === strategy)?.groups ?? null;
  const remarks = [
    ...wholeRemarks(compiled),
    ...compiled.strategies.flatMap((strategy) => {
      const groups = groupsOf(strategy);
      return [
        ...knobRemarks(compiled, strategy),
        ...ruleRemarks(strategy, groups, observed),
        ...(groups === null ? [] : runningRemarks(strategy, groups)),
        ...observedRemarks(strategy, groups, observed),
      ];
    }),
  ];
  const advice = remarks.map(({ path, message, write = null, isNote = false }) => ({
    ...compiled.place(path),
    path: formatPath(path),
    message,
    write,
    isNote,
  }));
  return advice.toSorted((one, other) => one.line - other.line);
}

function wholeRemarks({ strategies, queues, notifiers, policy }: Compiled): readonly Remark[] {
  const unread = queues.filter(({ name }) => !strategies.some((strategy) => strategy.queues.includes(name)));
  const untold = queues.flatMap(({ kind, params, path }) => {
    const remark = kind.remark?.(params) ?? null;
    return remark === null ? [] : [{ ...remark, path, isNote: true }];
  });
  const isSilent = policy.mode === "heal" && strategies.length > 0 && notifiers.length === 0;
  return [
    ...(strategies.length === 0 ? [{ path: ["strategies"], message: "there is no strategy: healer watches nothing" }] : []),
    ...unread.map(({ name, path }) => ({ path, message: `no strategy names the queue ${name}; it is not read`, write: `queue: ${name}` })),
    ...untold,
    ...(isSilent ? [{ path: ["notify"], message: SILENT, write: 'notify: [{ type: webhook, url: "${ALERT_URL}", on: pages }]' }] : []),
  ];
}

const SILENT = "nobody is told when a circuit opens or a person is needed: there is no notify:";

/** What each rule has to say of itself, beside the apps that run. Of a rule that nobody asked for it is no mistake. */
function ruleRemarks(
  strategy: CompiledStrategy,
  groups: Parameters<typeof runningRemarks>[1] | null,
  observed: Observed,
): readonly Remark[] {
  const scene = { groups: groups ?? new Map(), hasQueue: strategy.queues.length > 0, hostMemoryBytes: observed.hostMemoryBytes ?? null };
  return strategy.boundRules.flatMap((rule): readonly Remark[] => {
    const said = rule.advise(scene).map((advice) => ruleRemark(strategy, rule, advice));
    const isIdle = rule.observeOnly && strategy.mode !== "observe";
    const idle = {
      path: rule.path ?? strategy.path,
      message: `${rule.key} observes only: it is told and recorded, and never heals`,
      isNote: true,
    };
    return [...said, ...(isIdle ? [idle] : [])];
  });
}

function ruleRemark({ path }: CompiledStrategy, rule: CompiledRule, { key, message, write, isNote = false }: RuleAdvice): Remark {
  if (rule.path === null) {
    const listed = write === null ? {} : { write: key === null ? write : `rules: [{ rule: ${rule.name}, ${key}: ${write} }]` };
    return { path, message, isNote: true, ...listed };
  }
  const value = write === null ? {} : { write: key === null ? write : `${key}: ${write}` };
  return { path: key === null ? rule.path : [...rule.path, key], message, isNote, ...value };
}
