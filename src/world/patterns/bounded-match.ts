import { createContext, Script } from "node:vm";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { TextPattern } from "../../core/text-pattern.ts";

/** Whether a text holds the pattern; a failure says why that could not be found out. */
export type Matcher = (text: string) => Outcome<boolean, string>;

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
  const matches = createTry(new RegExp(pattern.source, pattern.flags));
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (now() < restsUntilMs) return failure(TOO_SLOW);
    for (let time = 1; time <= TRIES; time++) {
      const found = matches(text);
      if (found !== "given up") return found === "too large" ? failure("the expression is too large") : success(found);
    }
    restsUntilMs = now() + REST_MS;
    return failure(TOO_SLOW);
  };
}

function createTry(expression: RegExp): (text: string) => boolean | "given up" | "too large" {
  const realm = createContext({ expression, text: "" });
  const script = new Script("expression.test(text)");
  return (text) => {
    realm["text"] = text;
    try {
      return script.runInContext(realm, { timeout: MATCH_MS_MAX }) === true;
    } catch (error) {
      // Of the other realm, and no instance of this one's Error.
      const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
      return code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? "given up" : "too large";
    } finally {
      realm["text"] = "";
    }
  };
}
