import { failure, success, type Outcome } from "./outcome.ts";

/** What a text has to hold, as people write it: plain words, or a regular expression between slashes. */
export type TextPattern =
  { readonly kind: "text"; readonly text: string } | { readonly kind: "expression"; readonly source: string; readonly flags: string };

const SOURCE_MAX = 200; // long enough for a health answer; nobody reads a longer one in a log line either

/** `ok` is itself; `/"status":\s*"ok"/i` is an expression, with the flags i, m, s and u. */
export function parseTextPattern(written: string): Outcome<TextPattern, string> {
  const [, source, flags = ""] = /^\/(.+)\/([a-z]*)$/s.exec(written) ?? [];
  if (source === undefined) return success({ kind: "text", text: written });
  if (source.length > SOURCE_MAX) return failure(`a regular expression of at most ${SOURCE_MAX} characters`);
  if (!/^[imsu]*$/.test(flags)) return failure("a regular expression between slashes, then none but the flags i, m, s, u");
  try {
    return success({ kind: "expression", source, flags: new RegExp(source, flags).flags });
  } catch (error) {
    return failure(`a regular expression (${error instanceof Error ? error.message : String(error)})`);
  }
}
