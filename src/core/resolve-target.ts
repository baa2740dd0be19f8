import { failure, success, type Outcome } from "./outcome.ts";
import type { State, Target } from "./state.ts";

const CANDIDATES_SHOWN = 8;

/**
 * Finds what a person means: `app` (the group), `app:INSTANCE`, `app#PM_ID`, each with or without its namespace. An
 * ambiguous or unknown name is an error that lists the candidates.
 */
export function resolveTarget(state: Pick<State, "targets">, text: string): Outcome<Target, string> {
  const exact = state.targets.get(text);
  if (exact !== undefined) return success(exact);
  const byPmId = /^(?<app>.+)#(?<pmId>\d+)$/u.exec(text)?.groups;
  const targets = [...state.targets.values()];
  const found = targets.filter((target) => (byPmId === undefined ? withoutNamespace(target.id) === text : matchesPmId(target, byPmId)));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return success(first);
  if (first !== undefined) return failure(`"${text}" is ambiguous: ${listed(found)}`);
  const near = targets.filter((target) => target.id.includes(text) || text.includes(target.group));
  return failure(`no target "${text}"; ${near.length > 0 ? `did you mean ${listed(near)}?` : `targets: ${listed(targets)}`}`);
}

function matchesPmId(target: Target, { app, pmId }: { [name: string]: string }): boolean {
  return target.row !== null && String(target.row.pmId) === pmId && (target.group === app || withoutNamespace(target.group) === app);
}

function withoutNamespace(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

function listed(targets: readonly Target[]): string {
  if (targets.length === 0) return "none (no running worker is selected by the configuration)";
  const shown = targets.slice(0, CANDIDATES_SHOWN).map((target) => target.id);
  return shown.join(", ") + (targets.length > shown.length ? `, and ${targets.length - shown.length} more` : "");
}
