import { failure, success, type Outcome } from "../../core/outcome.ts";

/** Reading untrusted JSON: every failure names the place, what stood there and what was expected. */
export type JsonObject = { readonly [key: string]: unknown };

const TEXT_SHOWN = 40;
const AGE_S_MAX = 10 * 365 * 86_400; // nobody waits for ten years: that is a point in time, not an age

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parseJson(body: string, contentType: string): Outcome<unknown, string> {
  try {
    return success(JSON.parse(body.replace(/^\uFEFF/, "")) as unknown);
  } catch {
    const got = /^\s*</.test(body) ? "HTML or XML" : body.trim() === "" ? "an empty answer" : "something else";
    return failure(`expected JSON, got ${got}${contentType === "" ? "" : ` (${clip(contentType)})`}`);
  }
}

/** A field by its name, or by a path with dots. undefined = not there. */
export function lookUp(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  let at: unknown = object;
  for (const key of name.split(".")) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

/** A whole number of tasks; null = the field is not there. `null` in JSON is what became of a NaN, and no number. */
export function readCount(value: unknown, place: string): Outcome<number | null, string> {
  if (value === undefined) return success(null);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return success(value);
  return failure(`${place}: got ${describe(value)}, expected a whole number, 0 or more`);
}

/** How long the oldest task has waited, as ms; null = the field is not there, or no task waits. */
export function readAge(value: unknown, place: string): Outcome<number | null, string> {
  if (value === undefined || value === null) return success(null);
  if (typeof value === "number" && value >= 0 && value < AGE_S_MAX) return success(value * 1000);
  return failure(`${place}: got ${describe(value)}, expected an age in seconds, 0 or more`);
}

export function describe(value: unknown): string {
  if (typeof value === "string") return `the text "${clip(value)}"`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  return String(value);
}

/** Server texts end up in a log line: bounded, and without control characters. */
export function clip(text: string): string {
  return clipTo(TEXT_SHOWN, text);
}

export function clipTo(shown: number, text: string): string {
  const plain = text.slice(0, shown + 1).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
  return plain.length > shown ? `${plain.slice(0, shown)}…` : plain;
}
