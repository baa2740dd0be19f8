import type { Group, State, Target } from "./state.ts";

export function membersOf(state: State, group: Group): readonly Target[] {
  return group.members.map((id) => state.targets.get(id)).filter((member) => member !== undefined);
}

/** In trouble enough to count: half the evidence, a symptom, not alive, or an open circuit. */
export function isElevated(target: Target): boolean {
  if (target.control.phase.name === "open") return true;
  return isElevatedNow(target);
}

/** Its newest observations alone prove it bad, or it does not live. */
export function isProvenNow(target: Target): boolean {
  return target.rules.some(({ judgement }) => judgement.dead || (judgement.state === "sick" && judgement.recently === undefined));
}

export function isElevatedNow(target: Target): boolean {
  return target.rules.some(
    ({ judgement }) => judgement.dead || judgement.state === "elevated" || (judgement.state === "sick" && judgement.recently !== "good"),
  );
}
