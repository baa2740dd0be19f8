import type { State } from "../core/state.ts";

/** Rows a hold-down of ours keeps stopped, with what starts them: nobody else will while healer is down. */
export function leftStopped(state: State): string {
  const held = [...state.targets.values()].filter(({ row, control: { phase } }) => {
    const heldByUs = phase.name === "held" || (phase.name === "open" && phase.heal !== null);
    return heldByUs && row !== null && row.pid === null;
  });
  if (held.length === 0) return "";
  const commands = held.map(({ id, row }) => `${id} (pm2 start ${row?.pmId ?? ""})`);
  return `; stopped by healer after a crash loop, until it runs again or you start them: ${commands.join(", ")}`;
}
