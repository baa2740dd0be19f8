import { healOf, isInFlight } from "./control.ts";
import type { Heal, Verdict } from "./control.ts";
import { isPassing, noteStragglers } from "./incident-stragglers.ts";
import { suspicionOf } from "./incident-suspect.ts";
import type { Judgement } from "./judgement.ts";
import { isElevated, isElevatedNow, membersOf } from "./members.ts";
import type { Group, Incident, State, Target } from "./state.ts";
import type { Knobs } from "./strategy.ts";
import { forgetOutlived, withControl } from "./target.ts";
import { sayOf, strategyOf, type Turn } from "./turn.ts";
import { inWords } from "./words.ts";

const RETRY_MAX_MS = 3_600_000; // a lasting outage costs one canary an hour at most

/**
 * Correlated trouble (decision-core §2): when two or more members of a group go bad within a few minutes the cause is
 * probably not in them. One canary is healed, the others wait for its verdict. If the canary recovers while its peers
 * are still bad, restarting cures, and the rest is healed too; if it does not, nobody else is restarted for nothing.
 */
export function watchIncident(turn: Turn, group: Group): void {
  const members = membersOf(turn.state, group);
  const first = members[0];
  if (first === undefined) return;
  const { knobs } = strategyOf(turn.state, first);
  for (const member of members) noteOnset(turn.state, member);
  if (group.incident === null) openIncident(turn, group, members, knobs);
  else followIncident(turn, group, group.incident, knobs);
}

function noteOnset(state: State, member: Target): void {
  if (!isElevated(member)) member.onsetAtMs = null;
  else member.onsetAtMs ??= state.nowMs;
}

function openIncident(turn: Turn, group: Group, members: readonly Target[], knobs: Knobs): void {
  const { nowMs } = turn.state;
  const recent = members.filter((member) => member.onsetAtMs !== null && nowMs - member.onsetAtMs <= knobs.incident.onsetWindowMs);
  if (recent.length < 2 || !recent.some(isElevatedNow)) return;
  const wide = recent.length * 100 >= members.length * knobs.incident.widePercent;
  const inFlight = members.find(isHealedByRestart);
  const suspicion = suspicionOf(turn.state, group, recent);
  const incident: Incident = {
    openedAtMs: nowMs,
    wide,
    suspect: suspicion.suspect,
    phase: inFlight === undefined ? "waiting" : "canary",
    canary: inFlight?.id ?? null,
    fails: 0,
    nextAtMs: nowMs + (wide ? knobs.incident.canaryDelayMs : 0),
    quietSinceMs: null,
  };
  group.incident = incident;
  if (inFlight !== undefined) makeCanary(inFlight);
  const wait =
    inFlight !== undefined
      ? `${inFlight.id} is being healed already; the others wait for its verdict`
      : (suspicion.waits ?? waitInWords(incident, nowMs));
  const { suspect, because, afterRestartMs } = suspicion;
  sayOf(turn, group.id, {
    level: "warn",
    event: "incident_open",
    reason: `${recent.length} of ${members.length} workers went bad together (${namesOf(recent)})${because}; ${wait}`,
    more: {
      suspect,
      after_restart_ms: afterRestartMs === null ? null : Math.round(afterRestartMs),
      wide,
      members: recent.map((member) => member.id),
    },
  });
}

const NAMES_SAID = 5;

function namesOf(members: readonly Target[]): string {
  const names = members.slice(0, NAMES_SAID).map(({ id }) => id);
  const more = members.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A stop that contains a crash loop cures nobody, so it tells nothing about the others. */
function isHealedByRestart({ control }: Target): boolean {
  return isInFlight(control.phase) && healOf(control.phase)?.action !== "hold-down";
}

/** The heal under way becomes the incident's: its failure is not charged to the worker. */
function makeCanary(target: Target): void {
  const { phase } = target.control;
  if ("heal" in phase && phase.heal !== null && !phase.heal.canary)
    withControl(target, { phase: { ...phase, heal: { ...phase.heal, canary: true } } });
}

function waitInWords(incident: Incident, nowMs: number): string {
  const waitMs = incident.nextAtMs - nowMs;
  return waitMs > 0
    ? `one of them will be healed first, in ${inWords(waitMs)}, unless it passes`
    : "one of them is healed first, the others wait for its verdict";
}

function followIncident(turn: Turn, group: Group, incident: Incident, knobs: Knobs): void {
  const { state } = turn;
  findCanary(state, group, incident);
  const members = membersOf(state, group);
  widen(turn, group, { incident, members, knobs });
  noteStragglers(incident, members, state.nowMs, knobs.incident.canaryDelayMs);
  const stillBad = members.some(keepsAlive);
  if (stillBad) incident.quietSinceMs = null;
  else incident.quietSinceMs ??= state.nowMs;
  if (incident.quietSinceMs === null || state.nowMs - incident.quietSinceMs < knobs.incident.quietMs) return;
  closeIncident(turn, group, incident, `no worker of the group has been in trouble for ${inWords(knobs.incident.quietMs)}`);
}

/** The first two to go bad do not tell how many will: what half of the group has may pass by itself, whoever began. */
function widen(turn: Turn, group: Group, found: { incident: Incident; members: readonly Target[]; knobs: Knobs }): void {
  const { incident, members, knobs } = found;
  if (incident.wide || incident.phase !== "waiting" || incident.fails > 0) return;
  const bad = members.filter(isElevatedNow).length;
  if (bad * 100 < members.length * knobs.incident.widePercent) return;
  incident.wide = true;
  incident.nextAtMs = incident.openedAtMs + knobs.incident.canaryDelayMs;
  const { waits } = suspicionOf(turn.state, group, members);
  sayOf(turn, group.id, {
    level: "warn",
    event: "incident_wide",
    reason: `${bad} of ${members.length} workers are in trouble by now; ${waits ?? waitInWords(incident, turn.state.nowMs)}`,
    more: { bad },
  });
}

/** Heals may be older than the incident, or it than them after a restart of the daemon: they say who the canary is, or that it is none. */
function findCanary(state: State, group: Group, incident: Incident): void {
  if (incident.phase === "generalise") return;
  const healed = membersOf(state, group).filter(isHealedByRestart);
  const canary = healed.find(({ control }) => healOf(control.phase)?.canary === true) ?? healed[0];
  if (canary !== undefined) {
    makeCanary(canary);
    Object.assign(incident, { phase: "canary", canary: canary.id });
  } else if (incident.phase === "canary") Object.assign(incident, { phase: "waiting", canary: null });
}

/** An open circuit counts for the onset only; a worker in or before a heal keeps the incident alive. */
function keepsAlive(member: Target): boolean {
  const { phase } = member.control;
  return phase.name !== "open" && (isElevatedNow(member) || isInFlight(phase) || phase.name === "held");
}

/** What an outage did to the rates of workers that are well again is no evidence against them: nobody is healed for it later. */
export function closeIncident(turn: Turn, group: Group, incident: Incident, reason: string): void {
  group.incident = null;
  for (const member of membersOf(turn.state, group)) forgetOutlived(turn.state, member, strategyOf(turn.state, member));
  const lastedMs = turn.state.nowMs - incident.openedAtMs;
  sayOf(turn, group.id, {
    level: "info",
    event: "incident_closed",
    reason: `${reason}; it lasted ${inWords(lastedMs)}`,
    more: { lasted_ms: Math.round(lastedMs) },
  });
}

/** Why an incident of its group forbids healing this member now; null = it does not. `recently`: of the rule that fired. */
export function whyIncidentHolds(
  state: State,
  target: Target,
  recently: Judgement["recently"],
): { reason: string; untilMs: number | null } | null {
  const incident = state.groups.get(target.group)?.incident ?? null;
  if (incident === null) return null;
  if (recently === "good" || (recently === "doubtful" && incident.phase === "generalise"))
    return { reason: `its newest tasks no longer prove it bad; the trouble of ${target.group} may be over`, untilMs: null };
  if (incident.phase === "generalise") return null;
  if (target.kind === "group")
    return { reason: `several workers of ${target.id} went bad together; one of them is healed first`, untilMs: null };
  const waitMs = incident.nextAtMs - state.nowMs;
  if (incident.phase === "canary") {
    if (incident.canary === target.id) return null;
    return {
      reason: `several workers of ${target.group} went bad together; ${incident.canary ?? "one"} is healed first, this one waits for its verdict`,
      untilMs: null,
    };
  }
  if (waitMs <= 0) return recently === "doubtful" || isPassing(incident) ? whyDoubtWaits(state, target, incident) : null;
  const why =
    incident.phase === "open"
      ? "healing one of them did not help, repeatedly"
      : incident.fails > 0
        ? "healing one of them did not help"
        : "most such troubles pass by themselves";
  const next = incident.fails > 0 ? "the next attempt is" : "one of them is healed first,";
  return {
    reason: `several workers of ${target.group} went bad together and ${why}; ${next} in ${inWords(waitMs)}`,
    untilMs: incident.nextAtMs,
  };
}

/** Right after an outage the newest tasks speak for a worker more with each one; whoever stays in doubt is not left for ever. */
function whyDoubtWaits(state: State, target: Target, incident: Incident): { reason: string; untilMs: number } | null {
  const untilMs = incident.nextAtMs + strategyOf(state, target).knobs.incident.canaryDelayMs;
  if (state.nowMs >= untilMs) return null;
  const left = inWords(untilMs - state.nowMs);
  return { reason: `the trouble of ${target.group} may be passing; this one gets up to ${left} to recover by itself`, untilMs };
}

/** A member is healed while an incident waits: it is the canary. */
export function beCanary(turn: Turn, target: Target, healId: string): boolean {
  const incident = turn.state.groups.get(target.group)?.incident ?? null;
  if (incident === null || target.kind === "group" || (incident.phase !== "waiting" && incident.phase !== "open")) return false;
  incident.phase = "canary";
  incident.canary = target.id;
  sayOf(turn, target.group, {
    level: "warn",
    event: "incident_canary",
    reason: `${target.id} is healed first; the others of ${target.group} wait for its verdict`,
    heal_id: healId,
    more: { canary: target.id, fails: incident.fails },
  });
  return true;
}

export function noteCanaryVerdict(turn: Turn, target: Target, end: { heal: Heal; verdict: Verdict }): void {
  const group = turn.state.groups.get(target.group);
  const incident = group?.incident ?? null;
  if (group === undefined || incident === null || incident.phase !== "canary" || incident.canary !== target.id) return;
  const { knobs } = strategyOf(turn.state, target);
  incident.canary = null;
  if (end.verdict === "aborted") incident.phase = "waiting";
  else if (end.verdict === "recovered") canaryRecovered(turn, group, incident, target);
  else canaryFailed(turn, incident, target, knobs);
  if (group.incident !== null) findCanary(turn.state, group, incident); // another may have been in a heal since before it opened
}

function canaryRecovered(turn: Turn, group: Group, incident: Incident, canary: Target): void {
  const peersBad = membersOf(turn.state, group).some((member) => member !== canary && isElevatedNow(member));
  if (peersBad) incident.phase = "generalise";
  else closeIncident(turn, group, incident, `${canary.id} recovered and so did its peers by themselves: the cause was outside them`);
}

function canaryFailed(turn: Turn, incident: Incident, canary: Target, knobs: Knobs): void {
  const { nowMs } = turn.state;
  incident.fails++;
  const giveUp = incident.fails >= knobs.consecutiveFailuresThreshold;
  incident.phase = giveUp ? "open" : "waiting";
  const retryMs = Math.min(RETRY_MAX_MS, knobs.incident.canaryDelayMs * 2 ** (incident.fails - 1));
  incident.nextAtMs = nowMs + (giveUp ? Math.max(retryMs, knobs.circuit.coolDownMs) : retryMs);
  if (!giveUp) return;
  sayOf(turn, canary.group, {
    level: "error",
    event: "escalate",
    reason: `healing ${canary.group} does not help: ${incident.fails} workers were restarted one after another and stayed bad. The cause is outside them; a person is needed. Next attempt in ${inWords(incident.nextAtMs - nowMs)}`,
    more: { fails: incident.fails },
  });
}
