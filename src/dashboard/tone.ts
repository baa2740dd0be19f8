import type { TargetStatus } from "../core/status.ts";

/** How a target is doing, worst first. Each has a shape and a word of its own: colour is never the only signal. */
export const TONES = ["person", "sick", "work", "rest", "well"] as const;
export type Tone = (typeof TONES)[number];

export const SHAPES: Readonly<Record<Tone, string>> = { person: "■", sick: "▲", work: "◆", rest: "○", well: "●" };
export const TONE_WORDS: Readonly<Record<Tone, string>> = {
  person: "needs a person",
  sick: "has a symptom",
  work: "healer is at work on it",
  rest: "at rest",
  well: "well",
};

const WORKING = ["intent", "acting", "rolling", "verifying", "held", "backoff"];

export function toneOf(target: TargetStatus): Tone {
  if (target.needs_person || target.circuit_open) return "person";
  if (WORKING.includes(target.phase)) return "work";
  if (target.symptom !== null) return "sick";
  if (target.paused !== null || (target.kind === "worker" && target.pid === null)) return "rest";
  return "well";
}

export function worse(one: Tone, other: Tone): Tone {
  return TONES.indexOf(one) < TONES.indexOf(other) ? one : other;
}

const LINE_TONES: Readonly<Record<string, Tone>> = { error: "person", warn: "sick", info: "well" };

export function toneOfLine(line: { readonly level: string; readonly event: string; readonly verdict?: unknown }): Tone {
  if (line.event === "heal_verdict") return line.verdict === "recovered" ? "well" : "sick";
  if (line.event === "heal_intent" || line.event === "heal_action") return line.level === "error" ? "person" : "work";
  return LINE_TONES[line.level] ?? "rest";
}
