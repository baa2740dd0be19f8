import { onActionDone } from "./action-done.ts";
import { refillTokens } from "./budget.ts";
import { takeCensus } from "./census.ts";
import { onCommand } from "./commands.ts";
import { byUrgency, consider } from "./consider.ts";
import { onDurable, onJournalFailed } from "./durable.ts";
import { tellDuplicates } from "./duplicates.ts";
import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import type { Candidate } from "./guards.ts";
import { watchIncident } from "./incident.ts";
import { followExits } from "./exit-lines.ts";
import { hear } from "./hearing.ts";
import { judgeTarget } from "./judge.ts";
import { followMaintenance } from "./maintenance.ts";
import { tellReviews } from "./first-heal.ts";
import { fileObservation } from "./observe.ts";
import { followPauses } from "./pauses.ts";
import { takePolicy } from "./policy-change.ts";
import { reviewStrategies } from "./standing.ts";
import type { State } from "./state.ts";
import { voidSilences } from "./stall.ts";
import { tickTarget } from "./tick.ts";
import { watched } from "./watchdog.ts";
import { beginTurn, strategyOf, type Turn } from "./turn.ts";

/**
 * Everything healer decides, decided here: one event in, effects out. Deterministic: no clock, no chance, no I/O; the
 * same state and the same events give the same effects, byte for byte (I14). The daemon, `simulate`, `explain` and the
 * tests all call this function. `state` is changed in place.
 */
export function step(state: State, event: Event): readonly Effect[] {
  const turn = beginTurn(state);
  state.nowMs = Math.max(state.nowMs, event.atMs); // I13: reducer time never goes back
  state.wallMs = event.wallMs;
  refillTokens(state);
  if ("pm2" in event) hear(state, event.heard);
  switch (event.type) {
    case "turn":
      takeTurn(turn, event);
      break;
    case "durable":
      onDurable(turn, event);
      break;
    case "journal_failed":
      onJournalFailed(turn, event);
      break;
    case "action_done":
      onActionDone(turn, event);
      break;
    case "policy":
      takePolicy(turn, event.policy);
      break;
    case "command":
      onCommand(turn, event);
      break;
    default:
      event satisfies never;
  }
  return watched(turn, event);
}

/** Sensors' facts in, then every target judged, then the groups, then time, then the guards for whoever wants a heal. */
function takeTurn(turn: Turn, event: Extract<Event, { type: "turn" }>): void {
  const { state } = turn;
  if (event.stalledMs > 0) voidSilences(turn, event.stalledMs);
  // Before the list, so that it meets nobody unreviewed; and not before the first one, or a grace period would run with nobody there.
  const seesPm2 = event.pm2 === null ? state.pm2.name === "up" : typeof event.pm2 !== "string";
  const reviews = seesPm2 ? reviewStrategies(state) : [];
  if (event.pm2 !== null) takeCensus(turn, event.pm2);
  tellReviews(turn, reviews);
  followPauses(turn);
  followMaintenance(turn);
  for (const observation of event.observations) fileObservation(turn, observation);
  tellDuplicates(turn);
  for (const target of state.targets.values()) followExits(turn, target);
  for (const target of state.targets.values()) judgeTarget(turn, target, strategyOf(state, target));
  for (const group of state.groups.values()) watchIncident(turn, group);
  const candidates: Candidate[] = [];
  for (const target of state.targets.values()) {
    const candidate = tickTarget(turn, target, strategyOf(state, target));
    if (candidate !== null) candidates.push(candidate);
  }
  for (const candidate of candidates.sort(byUrgency)) consider(turn, candidate);
}
