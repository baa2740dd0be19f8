import type { Pause } from "./control.ts";
import { inWords } from "./words.ts";

export function sayPause(pause: Pause, nowMs: number): string {
  const length = pause.untilMs === null ? "until resumed" : `for ${inWords(pause.untilMs - nowMs)} more`;
  return `paused by ${pause.by} ${length}${pause.reason === "" ? "" : ` (${pause.reason})`}`;
}
