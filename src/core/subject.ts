import type { Heal, PreImage } from "./control.ts";
import type { State, Target } from "./state.ts";

/** The worker the next step of a heal is about: the target itself, or the member whose turn it is in a group heal. */
export function workerOf(state: State, target: Target, heal: Heal): Target | null {
  if (heal.roll === null) return target;
  const current = heal.roll.current?.target;
  return current === undefined ? null : (state.targets.get(current) ?? null);
}

/** That worker as it was when the decision was made. */
export function preOf(heal: Heal): PreImage | null {
  return heal.roll?.current?.pre ?? heal.pre;
}
