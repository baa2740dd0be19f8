import type { Rate, TargetStatus } from "../core/status.ts";
import { inWords } from "../core/words.ts";
import type { Style } from "./terminal.ts";

/** "91 % (87–94 %, n=212)": the plain rolling rate, never without its interval and number. */
export function rateText(rate: Rate | null): string {
  if (rate === null) return "n/a (no finished task)";
  const n = rate.ok + rate.failed;
  return `${percent(rate.rate)} % (${percent(rate.low)}–${percent(rate.high)} %, n=${n})`;
}

/** 100 and 0 only where it is all or nothing. */
function percent(share: number): number {
  if (share > 0 && share < 1) return Math.min(99, Math.max(1, Math.round(share * 100)));
  return Math.round(share * 100);
}

/** The state in a word or two; the sentence stands below the row. */
export function stateWord(target: TargetStatus): { readonly word: string; readonly style: Style } {
  if (target.paused !== null) return { word: "paused", style: "cyan" };
  switch (target.phase) {
    case "healthy":
      return healthyWord(target);
    case "suspect":
      return { word: "suspect", style: "yellow" };
    case "intent":
    case "acting":
    case "rolling":
      return { word: "healing", style: "yellow" };
    case "verifying":
      return { word: "watching", style: "yellow" };
    case "held":
      return { word: "held down", style: "yellow" };
    case "settling":
      return { word: "settling", style: "cyan" };
    case "backoff":
      return { word: "backing off", style: "yellow" };
    case "open":
      return { word: "CIRCUIT OPEN", style: "red" };
    default:
      return { word: target.phase, style: "yellow" };
  }
}

/** Nothing is wrong by the rules; PM2 may still not run it. */
function healthyWord(target: TargetStatus): { readonly word: string; readonly style: Style } {
  if (target.incident !== null) return { word: "INCIDENT", style: "red" };
  if (target.kind === "group" || target.pm2_status === "online") return { word: "healthy", style: "green" };
  return { word: target.pm2_status ?? "not in PM2", style: "dim" };
}

/** "failed 2 m ago", "recovered 3 h ago", "under way". */
export function lastHealText(heal: TargetStatus["last_heal"], nowWallMs: number): string {
  if (heal === null) return "-";
  return `${heal.verdict ?? "begun"} ${agoText(nowWallMs - heal.wallMs)}`;
}

/** One unit is enough here: "2 m ago". */
export function agoText(durationMs: number): string {
  return `${inWords(durationMs).split(" ").slice(0, 2).join(" ")} ago`;
}

export function shortWords(durationMs: number): string {
  return inWords(durationMs).split(" ").slice(0, 2).join(" ");
}
