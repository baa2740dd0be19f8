import { masked } from "../core/masked-words.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { formatDuration } from "../core/quantities.ts";
import { parseTextPattern } from "../core/text-pattern.ts";
import { createMatcher } from "../world/patterns/bounded-match.ts";
import { printableText } from "../world/processes/printable-text.ts";

/** Null where the body is as expected, else what it is not; a failure says why nobody can tell. */
export type BodyCheck = (body: string) => Outcome<string | null, string>;

const WORDS_SHOWN = 80; // of what was expected and what came, each

/** `written` as the configuration has it: text, or `/regular expression/`. */
export function createBodyCheck(written: string): BodyCheck {
  const pattern = parseTextPattern(written);
  if (!pattern.ok) return () => failure(`its body is no text that can be looked for: expected ${pattern.error}`);
  const matches = createMatcher(pattern.value);
  const wrong = pattern.value.kind === "text" ? `body does not contain ${quoted(written)}` : `body does not match ${shown(written)}`;
  return (body) => {
    const found = matches(body);
    return found.ok ? success(found.value ? null : wrong) : failure(`its body cannot be compared with ${shown(written)}: ${found.error}`);
  };
}

/** The first header that is not as expected, and how it is; null = all are. */
export function sayHeaders(headers: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>): string | null {
  for (const [name, part] of Object.entries(expected)) {
    const value = headers[name.toLowerCase()];
    if (value === undefined) return `no header ${name}`;
    if (!value.includes(part)) return `header ${masked(`${name}: ${shown(value)}`)} does not contain ${quoted(part)}`;
  }
  return null;
}

export function sayTime(tookMs: number, limitMs: number): string {
  const took = tookMs < 1000 ? `${Math.round(tookMs)} ms` : `${(tookMs / 1000).toFixed(1)} s`;
  return `after ${took}, slower than ${formatDuration(limitMs)}`;
}

function quoted(text: string): string {
  return `"${shown(text)}"`;
}

function shown(text: string): string {
  return printableText(text, WORDS_SHOWN);
}
