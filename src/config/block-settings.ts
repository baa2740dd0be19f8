import { z } from "zod";
import { maskedWords } from "../core/masked-words.ts";
import type { ConfigPath } from "./config-error.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import type { Origin } from "./layers.ts";
import { withoutSecrets } from "./secrets.ts";
import type { Setting } from "./settings.ts";

const BUILT_IN_ORIGIN: Origin = { kind: "built-in" };

/** The keys of a block as written, then what its schema says of those that are not. */
export function blockSettings(document: ConfigDocument, prefix: string, path: ConfigPath, schema: z.ZodType | null): readonly Setting[] {
  const raw = valueAt(document.raw, path);
  const written: object = typeof raw === "object" && raw !== null && !Array.isArray(raw) ? raw : {};
  const keys = Object.keys(written);
  const implied = schema === null ? [] : defaultsOf(schema).filter(([key]) => !keys.includes(key));
  return [
    ...keys.map((key) => setting(document, `${prefix}.${key}`, [...path, key], valueAt(written, [key]))),
    ...implied.map(([key, value]): Setting => ({
      path: `${prefix}.${key}`,
      shown: asText(value),
      exact: asText(value),
      origin: BUILT_IN_ORIGIN,
    })),
  ];
}

type Defaults = readonly (readonly [string, unknown])[];

/** A schema never changes, and asking one is the dearest part of reading a configuration. */
const DEFAULTS = new WeakMap<z.ZodType, Defaults>();

function defaultsOf(schema: z.ZodType): Defaults {
  let known = DEFAULTS.get(schema);
  if (known === undefined) {
    known = readDefaults(schema);
    DEFAULTS.set(schema, known);
  }
  return known;
}

function readDefaults(schema: z.ZodType): Defaults {
  const properties = valueAt(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), ["properties"]);
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).flatMap(([key, property]: [string, unknown]) => {
    const value = valueAt(property, ["default"]);
    return value === undefined || value === null ? [] : [[key, value] as const]; // null: worked out where it is used
  });
}

export function setting(document: ConfigDocument, name: string, path: ConfigPath, value: unknown): Setting {
  const isWritten = valueAt(document.raw, path) !== undefined;
  const exact = asText(value);
  const origin: Origin = isWritten
    ? { kind: path[0] === "defaults" ? "defaults" : "file", line: document.keyPlace(path).line }
    : BUILT_IN_ORIGIN;
  return { path: name, shown: shownText(document, value, path), exact, origin };
}

/** What came out of `${VAR}` is shown as the variable, because it may be a secret; each text is looked at under its own key. */
function shownText(document: ConfigDocument, value: unknown, path: ConfigPath): string {
  if (Array.isArray(value)) {
    const items = value.map((item, index) => shownText(document, item, [...path, index]));
    return `[${(path.at(-1) === "argv" ? maskedWords(items) : items).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${shownText(document, item, [...path, key])}`);
    return `{${entries.join(", ")}}`;
  }
  const written = document.written(path);
  return written?.includes("${") === true ? written : withoutSecrets(String(value), path);
}

export function asText(value: unknown): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
