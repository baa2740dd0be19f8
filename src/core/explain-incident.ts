import { at } from "./instant-words.ts";
import type { Incident, State, Target } from "./state.ts";
import { inWords } from "./words.ts";

/** How far the trouble of a whole group is; null = there is none. */
export function sayIncident(state: State, target: Target): string | null {
  const incident = state.groups.get(target.group)?.incident ?? null;
  if (incident === null) return null;
  const since = `workers of ${target.group} went bad together ${inWords(state.nowMs - incident.openedAtMs)} ago`;
  const suspect = incident.suspect === undefined || incident.suspect === "unknown" ? "" : `; suspect: ${incident.suspect}`;
  const tried =
    incident.fails === 0 ? "" : `; healing one of them has not helped ${incident.fails === 1 ? "once" : `${incident.fails} times`}`;
  return `${since}${suspect}${tried}; ${NEXT[incident.phase](state, incident)}`;
}

/** What comes next, phase by phase. */
const NEXT: Readonly<Record<Incident["phase"], (state: State, incident: Incident) => string>> = {
  waiting: (state, { nextAtMs }) => `one of them is healed first, ${at(state, nextAtMs)}, if that does not pass by itself before`,
  canary: (_state, { canary }) => `${canary ?? "one of them"} is being healed first; the others wait for its verdict`,
  generalise: () => "healing the first one helped while the others stayed bad, so the others are healed too",
  open: (state, { nextAtMs }) => `a person is needed; one more try ${at(state, nextAtMs)}`,
};
