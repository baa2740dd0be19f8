import type { Advice, Remark } from "./advice.ts";
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
  const isSilent = policy.mode === "heal" && strategies.length > 0 && notifiers.length === 0;
  return [
    ...(strategies.length === 0 ? [{ path: ["strategies"], message: "there is no strategy: healer watches nothing" }] : []),
    ...unread.map(({ name, path }) => ({ path, message: `no strategy names the queue ${name}; it is not read`, write: `queue: ${name}` })),
    ...(isSilent ? [{ path: ["notify"], message: SILENT, write: 'notify: [{ type: webhook, url: "${ALERT_URL}", on: pages }]' }] : []),
  ];
}

const SILENT = "nobody is told when a circuit opens or a person is needed: there is no notify:";

/** What each rule has to say of itself, beside the apps that run. */
function ruleRemarks(
  strategy: CompiledStrategy,
  groups: Parameters<typeof runningRemarks>[1] | null,
  observed: Observed,
): readonly Remark[] {
  const scene = { groups: groups ?? new Map(), hostMemoryBytes: observed.hostMemoryBytes ?? null };
  return strategy.boundRules.flatMap((rule): readonly Remark[] => {
    const path = rule.path ?? strategy.path;
    const said = rule.advise(scene).map(({ key, message, write, isNote = false }): Remark => ({
      path: key === null || rule.path === null ? path : [...path, key],
      message,
      ...(write === null
        ? {}
        : { write: key === null ? write : rule.path === null ? `rules: [{ rule: ${rule.name}, ${key}: ${write} }]` : `${key}: ${write}` }),
      isNote,
    }));
    const isIdle = rule.observeOnly && strategy.mode !== "observe";
    return [
      ...said,
      ...(isIdle ? [{ path, message: `${rule.key} observes only: it is told and recorded, and never heals`, isNote: true }] : []),
    ];
  });
}
