import { createContext, Script } from "node:vm";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { TextPattern } from "../../core/text-pattern.ts";

/** Whether a text holds the pattern; a failure says why that could not be found out. */
export type Matcher = (text: string) => Outcome<boolean, string>;

/** How many of the lines hold it. */
export type LineCounter = (lines: readonly string[]) => Outcome<number, string>;

const MATCH_MS_MAX = 100; // an honest expression needs a few over 64 KiB
const TRIES = 2; // on a busy machine the time may pass without this process getting any of it
const REST_MS = 60_000;

const TOO_SLOW = `that takes more than ${MATCH_MS_MAX} ms`;

/**
 * A regular expression that cannot hang healer. `/(a+)+$/` takes longer than the universe has for forty letters, and even
 * `/a*b/` takes the square of a text's length; to tell by its looks which expression does is a research question, and the
 * subset that never does (no repetition beside another) would refuse ordinary ones. So any is allowed, and V8 is told to give
 * up after a while: node:vm's timeout is the one thing that interrupts a match under way without a thread of its own. An
 * expression that was given up twice rests for a minute, so that it costs healer a fifth of a second a minute at most,
 * however many workers are asked. What was given up is no answer: nobody is called sick for it.
 */
export function createMatcher(pattern: TextPattern, now: () => number = () => performance.now()): Matcher {
  if (pattern.kind === "text") return (text) => success(text.includes(pattern.text));
  return bounded<string, boolean>(pattern, { code: "expression.test(text)", none: "" }, now);
}

/** The same of many lines, which share one timer: an expression has 100 ms for all of them. */
export function createLineCounter(pattern: TextPattern, now: () => number = () => performance.now()): LineCounter {
  if (pattern.kind === "text") return (lines) => success(lines.filter((line) => line.includes(pattern.text)).length);
  return bounded<readonly string[], number>(pattern, { code: "text.filter((line) => expression.test(line)).length", none: [] }, now);
}

interface Search<Text> {
  /** What is run in a realm of its own; it sees `expression` and `text`. */
  readonly code: string;
  /** A text that holds on to nothing. */
  readonly none: Text;
}

function bounded<Text, Found>(
  pattern: Extract<TextPattern, { kind: "expression" }>,
  search: Search<Text>,
  now: () => number,
): (text: Text) => Outcome<Found, string> {
  const find = createTry<Text, Found>(new RegExp(pattern.source, pattern.flags), search);
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (now() < restsUntilMs) return failure(TOO_SLOW);
    for (let time = 1; time <= TRIES; time++) {
      const found = find(text);
      if (found !== "given up") return found === "too large" ? failure("the expression is too large") : success(found.value);
    }
    restsUntilMs = now() + REST_MS;
    return failure(TOO_SLOW);
  };
}

type Tried<Found> = { readonly value: Found } | "given up" | "too large";

function createTry<Text, Found>(expression: RegExp, { code, none }: Search<Text>): (text: Text) => Tried<Found> {
  const realm = createContext({ expression, text: none });
  const script = new Script(code);
  return (text) => {
    realm["text"] = text;
    try {
      return { value: script.runInContext(realm, { timeout: MATCH_MS_MAX }) as Found };
    } catch (error) {
      // Of the other realm, and no instance of this one's Error.
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
      return code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? "given up" : "too large";
    } finally {
      realm["text"] = none;
    }
  };
}
