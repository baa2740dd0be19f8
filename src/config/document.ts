import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Pair, type Scalar } from "yaml";
import type { ConfigPath, ConfigProblem } from "./config-error.ts";
import { expandScalars, type Expansion } from "./expand-env.ts";
import { withoutSecrets } from "./secrets.ts";
import { isTooDeep } from "./yaml-depth.ts";

export const CONFIG_BYTES_MAX = 1024 * 1024;
const ALIASES_MAX = 100;

/** The file as plain data, with the place of every value in the text. */
export interface ConfigDocument {
  readonly file: string;
  /** `${VAR}` expanded; plain data as the YAML says. */
  readonly raw: unknown;
  /** Mistakes of the YAML itself and of `${VAR}`. */
  readonly problems: readonly ConfigProblem[];
  /** The YAML could not be read as a whole: nothing further should be said about its content. */
  readonly unreadable: boolean;
  /** Place of the value, or of the nearest thing above it that exists. */
  place(path: ConfigPath): Place;
  /** Place of the key itself rather than of its value. */
  keyPlace(path: ConfigPath): Place;
  /** A scalar as it is written, before `${VAR}`, without secrets; null for lists, maps and what is not there. */
  written(path: ConfigPath): string | null;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

const START: Place = { line: 1, column: 1 };

/** Never throws, whatever the text is. */
export function readDocument(text: string, options: { file: string; env: Readonly<Record<string, string | undefined>> }): ConfigDocument {
  if (Buffer.byteLength(text) > CONFIG_BYTES_MAX) return unreadable(options.file, [at(START, "the file is larger than 1 MiB")]);
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return line < 1 ? START : { line, column: col };
  };
  try {
    if (isTooDeep(text)) return unreadable(options.file, [at(START, "collections are nested too deeply")]);
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: "error" });
    return readParsed(document, { ...options, text, placeOf });
  } catch (error) {
    // Too many aliases, a merge of something that is no map: yaml throws these without a place, and they are the file's fault.
    return unreadable(options.file, [at(START, `not readable as YAML: ${error instanceof Error ? error.message : String(error)}`)]);
  }
}

interface Reading {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly placeOf: (offset: number) => Place;
}

function readParsed(document: Document.Parsed, reading: Reading): ConfigDocument {
  const syntax = [...document.errors, ...document.warnings].map((error) => at(reading.placeOf(error.pos[0]), wordYaml(error)));
  const fatal = document.errors.some((error) => error.code !== "DUPLICATE_KEY");
  if (fatal) return unreadable(reading.file, syntax);
  const aliases = danglingAliases(document, reading);
  if (aliases.length > 0) return unreadable(reading.file, [...syntax, ...aliases]);
  const { problems, written } = expandScalars(document.contents, reading);
  return {
    file: reading.file,
    raw: plainData(document),
    problems: [...syntax, ...problems],
    unreadable: false,
    place: (path) => reading.placeOf(offsetOf(nodesAlong(document, path).at(-1)?.node)),
    keyPlace: (path) => {
      const last = nodesAlong(document, path).at(-1);
      return reading.placeOf(offsetOf(last?.key ?? last?.node));
    },
    written: (path) => writtenAt(document, path, written),
  };
}

function unreadable(file: string, problems: readonly ConfigProblem[]): ConfigDocument {
  return { file, raw: null, problems, unreadable: true, place: () => START, keyPlace: () => START, written: () => null };
}

function at(place: Place, message: string): ConfigProblem {
  return { ...place, path: "", message };
}

function wordYaml(error: { readonly code: string; readonly message: string }): string {
  if (error.code === "MULTIPLE_DOCS") return "a second YAML document begins here; expected one";
  return error.message.charAt(0).toLowerCase() + error.message.slice(1);
}

/** yaml notices an alias without its anchor only while converting, and then throws without a place. */
function danglingAliases(document: Document.Parsed, reading: Reading): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Alias: (_, node) => {
      if (node.resolve(document) !== undefined) return;
      problems.push(at(reading.placeOf(offsetOf(node)), `the alias *${node.source} has no anchor &${node.source} before it`));
    },
  });
  return problems;
}

function plainData(document: Document.Parsed): unknown {
  return document.toJS({ maxAliasCount: ALIASES_MAX });
}

function offsetOf(node: unknown): number {
  const range: unknown = typeof node === "object" && node !== null && "range" in node ? node.range : null;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : 0;
}

function writtenAt(document: Document.Parsed, path: ConfigPath, written: ReadonlyMap<Scalar, Expansion>): string | null {
  const steps = nodesAlong(document, path);
  const node = steps.at(-1)?.node;
  if (steps.length !== path.length + 1 || !isScalar(node) || node === steps.at(-1)?.key) return null;
  const text = written.get(node)?.written ?? (typeof node.value === "string" ? node.value : (node.source ?? String(node.value)));
  return withoutSecrets(text, path);
}

interface Step {
  readonly key: unknown;
  readonly node: unknown;
}

/** The root, then each step of the path for as far as it exists; aliases and merge keys are followed. */
function nodesAlong(document: Document.Parsed, path: ConfigPath): readonly Step[] {
  const steps: Step[] = [{ key: null, node: document.contents }];
  for (const step of path) {
    const found = childOf(document, steps.at(-1)?.node, step);
    if (found === null) break;
    steps.push(found);
  }
  return steps;
}

function childOf(document: Document.Parsed, parent: unknown, step: string | number): Step | null {
  const node = isAlias(parent) ? parent.resolve(document) : parent;
  if (isSeq(node)) return typeof step === "number" && step < node.items.length ? { key: null, node: node.items[step] } : null;
  if (!isMap(node)) return null;
  const own = node.items.find((pair) => keyOf(pair) === String(step));
  if (own !== undefined) return { key: own.key, node: own.value ?? own.key };
  for (const pair of node.items) {
    if (keyOf(pair) !== "<<") continue;
    const sources = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const source of sources) {
      const found = childOf(document, source, step);
      if (found !== null) return found;
    }
  }
  return null;
}

function keyOf(pair: Pair): string {
  const key: unknown = isScalar(pair.key) ? pair.key.value : pair.key;
  return typeof key === "symbol" ? (key.description ?? "") : String(key);
}
