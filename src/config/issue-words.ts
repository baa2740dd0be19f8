import { z } from "zod";
import type { ConfigPath } from "./config-error.ts";
import { hint } from "./did-you-mean.ts";
import { BUILT_IN } from "./knobs.ts";
import { KEYS_NOT_YET } from "./not-yet.ts";

/** One mistake, where it stands and in words that do not yet name the value received. */
export interface WordedIssue {
  readonly path: ConfigPath;
  /** The key itself is wrong, not its value. */
  readonly atKey: boolean;
  /** Nothing is wrong with a value, something is missing or too much. */
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

const CHOICES_SHOWN = 6; // the documentation has the rest

/** Zod's findings in healer's words. `schema` is asked which keys exist, for "did you mean". */
export function wordIssues(schema: z.ZodType, issues: readonly Issue[], input: unknown): readonly WordedIssue[] {
  return issues.flatMap((issue) => wordIssue(schema, issue, input, []));
}

function wordIssue(schema: z.ZodType, issue: Issue, input: unknown, above: ConfigPath): readonly WordedIssue[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], atKey: true, message: unknownKey(key, keysAt(schema, path)) }));
    case "invalid_union":
      return wordUnion(schema, issue, input, path);
    case "invalid_type":
      if (valueAt(input, path) === undefined) return [{ path, atKey: false, message: `is missing; expected ${typeWord(issue.expected)}` }];
      return [{ path, atKey: false, message: /^expected/.test(issue.message) ? issue.message : `expected ${typeWord(issue.expected)}` }];
    case "invalid_value":
      return [{ path, atKey: false, message: wordChoice(issue.values.map(String), valueAt(input, path)) }];
    case "invalid_key":
      return [{ path, atKey: true, message: issue.issues[0]?.message ?? issue.message }];
    default:
      return [{ path, atKey: false, message: sentence(issue.message) }];
  }
}

function wordChoice(values: readonly string[], received: unknown): string {
  if (received === undefined) return `is missing; expected ${values.join(" or ")}`;
  return `expected ${values.join(" or ")}${typeof received === "string" ? hint(received, values) : ""}`;
}

/** The member that the value came nearest to speaks; where none fits at all, what would have fitted. */
function wordUnion(schema: z.ZodType, issue: z.core.$ZodIssueInvalidUnion, input: unknown, path: ConfigPath): readonly WordedIssue[] {
  const near = issue.errors.find(
    (member) => member.length > 0 && member.every((inner) => inner.path.length > 0 || inner.code === "unrecognized_keys"),
  );
  if (near !== undefined) return near.flatMap((inner) => wordIssue(schema, inner, input, path));
  const received = valueAt(input, path);
  const words = issue.errors.flat().flatMap((inner) => (inner.code === "invalid_value" ? inner.values.map(String) : []));
  if (words.length > CHOICES_SHOWN) {
    const help = typeof received === "string" ? hint(received, words) : "";
    return [{ path, atKey: false, message: `expected one of ${words.slice(0, CHOICES_SHOWN).join(", ")} …${help}` }];
  }
  const fitting = issue.errors.flatMap((member) => member.map(expectedBy)).filter((word) => word !== null);
  if (fitting.length === 0) return [{ path, atKey: false, message: sentence(issue.message) }];
  return [{ path, atKey: false, message: `${received === undefined ? "is missing; " : ""}expected ${[...new Set(fitting)].join(" or ")}` }];
}

function expectedBy(issue: Issue): string | null {
  if (issue.code === "invalid_type") return typeWord(issue.expected);
  return issue.code === "invalid_value" ? issue.values.map(String).join(" or ") : null;
}

function typeWord(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "text",
    object: "a map",
    record: "a map",
    array: "a list",
    int: "a whole number",
    number: "a number",
    boolean: "true or false",
    nonoptional: "a value",
  };
  return words[type] ?? type;
}

function unknownKey(key: string, known: readonly string[]): string {
  if (KEYS_NOT_YET.includes(key)) return "is not available in this version";
  const place = rightPlace(key);
  if (place !== null) return `does not belong here: write it under ${place}`;
  const meant = hint(key, known);
  return `unknown key${meant === "" && known.length > 0 ? `; known here: ${known.join(", ")}` : meant}`;
}

/** Where a knob belongs that was written one level too high or too low. */
function rightPlace(key: string): string | null {
  if (key === "maintenance") return "the top of the file, for everybody, or in a strategy";
  if (key === "budget") return "defaults.advanced: it is one for the whole machine";
  if (Object.hasOwn(BUILT_IN.advanced, key)) return "advanced:, in defaults or in a strategy";
  return Object.hasOwn(BUILT_IN, key) ? "defaults: or in a strategy" : null;
}

function sentence(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

export function valueAt(input: unknown, path: ConfigPath): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

/** Keys that a schema allows at a path, read from its JSON Schema, because that is plain data of a documented shape. */
export function keysAt(schema: z.ZodType, path: ConfigPath): readonly string[] {
  let places: readonly unknown[] = [z.toJSONSchema(schema, { io: "input", unrepresentable: "any" })];
  for (const step of path) places = places.flatMap((place) => stepInto(place, step));
  return [...new Set(places.flatMap(membersOf).flatMap((place) => Object.keys(recordOf(valueAt(place, ["properties"])))))];
}

function stepInto(place: unknown, step: string | number): readonly unknown[] {
  return membersOf(place).flatMap((member) => {
    const next =
      typeof step === "number"
        ? valueAt(member, ["items"])
        : (valueAt(member, ["properties", step]) ?? valueAt(member, ["additionalProperties"]));
    return typeof next === "object" && next !== null ? [next] : [];
  });
}

function membersOf(place: unknown): readonly unknown[] {
  const members = valueAt(place, ["anyOf"]) ?? valueAt(place, ["oneOf"]);
  return Array.isArray(members) ? members.flatMap(membersOf) : [place];
}

function recordOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
