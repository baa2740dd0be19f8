import { restartsNobody, type Heal } from "../../core/control.ts";
import type { Target } from "../../core/state.ts";
import { strategyOf } from "../../core/turn.ts";
import type { Books } from "./books.ts";
import { broken, type Witness } from "./witness.ts";

const NEWS_MS = 600_000; // older answers of a probe may have been forgotten rightly

interface Decided {
  readonly target: Target;
  readonly heal: Heal;
}

/** The guards that hold whole strategies: maintenance, shadow, and what the workers depend on. */
export function checkCalendar({ state }: Witness, books: Books, { target, heal }: Decided): void {
  const strategy = strategyOf(state, target);
  for (const window of [...state.policy.maintenance, ...strategy.maintenance])
    if (window.openAt(state.wallMs) !== null) broken("guard maintenance", `${target.id} is healed within ${window.label}`);
  const sinceMs = books.strategySince.get(strategy.name)?.atMs ?? books.nowMs;
  if (books.nowMs < sinceMs + strategy.knobs.shadowForMs)
    broken("guard shadow", `${strategy.name} is new or changed, and heals ${target.id}`);
  if (strategy.dependency === undefined || restartsNobody(heal.action) || heal.action === "hold-down") return;
  const told = books.dependencies.get(strategy.name);
  if (told === undefined || told.answers.length < 3 || told.answers.some((ok) => ok) || books.nowMs - told.atMs > NEWS_MS) return;
  broken("guard dependency", `${target.id} is restarted while what it depends on is away`);
}

/** A process is left alone for its grace period, but for rules that say themselves that they do not wait. */
export function checkAge(witness: Witness, books: Books, { target, heal }: Decided): void {
  const strategy = strategyOf(witness.state, target);
  const bound = strategy.rules.find(({ key }) => key === heal.rule);
  const waits = bound === undefined ? heal.by !== null : !bound.actsInGrace;
  if (target.row === null || !waits || heal.action === "hold-down" || heal.action === "trim") return;
  const ageMs = witness.ageMs(target.row);
  const graceMs = books.graceMsMin.get(strategy.name) ?? 0;
  if (ageMs !== null && ageMs < graceMs)
    broken("guard grace", `${target.id} is healed ${ageMs} ms after its start, grace is ${graceMs} ms`);
}
