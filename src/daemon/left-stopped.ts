import type { Phase } from "../core/control.ts";
import type { State } from "../core/state.ts";

/** Rows that healer keeps stopped, with what starts them: nobody else will while healer is down. */
export function leftStopped(state: State): string {
  const held = [...state.targets.values()].filter(
    ({ row, control: { phase } }) =>
      row !== null && row.pid === null && row.status !== "waiting restart" && (isHeld(phase) || isAboutToStart(phase)),
  );
  if (held.length === 0) return "";
  const commands = held.map(({ id, row }) => `${id} (pm2 start ${row?.pmId ?? ""})`);
  return `; stopped by healer, until it runs again or you start them: ${commands.join(", ")}`;
}

function isHeld(phase: Phase): boolean {
  if (phase.name === "suspect") return phase.contain !== null; // a start of ours that failed left it down
  return phase.name === "held" || (phase.name === "open" && phase.heal !== null);
}

/** Its backoff was over, and healer is stopped before the start is done. */
function isAboutToStart(phase: Phase): boolean {
  return (phase.name === "intent" || phase.name === "acting") && phase.step === "start";
}
