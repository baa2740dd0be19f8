import type { z } from "zod";
import { formatPath, type ConfigPath, type ConfigProblem } from "./config-error.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt, wordIssues } from "./issue-words.ts";

const PROBLEMS_MAX = 200; // a file that is not a healer configuration at all needs no longer a list
const RECEIVED_LENGTH_MAX = 60;

/** Gathers every mistake of one file, each path once, and prints them in the order of the file. */
export interface ProblemList {
  /** A wrong value; what was received is added. */
  value(path: ConfigPath, message: string): void;
  /** A wrong or missing key, or a mistake of several places: nothing is added. */
  key(path: ConfigPath, message: string): void;
  /** The parsed value, or null after its mistakes were noted. `base` is where `input` stands in the file. */
  parse<Value>(schema: z.ZodType<Value>, input: unknown, base: ConfigPath): Value | null;
  list(): readonly ConfigProblem[];
}

export function problemList(document: ConfigDocument): ProblemList {
  const problems: ConfigProblem[] = [...document.problems];
  const note = (path: ConfigPath, message: string, atKey: boolean): void => {
    const text = formatPath(path);
    if (problems.some((problem) => problem.path === text && text !== "") || problems.length >= PROBLEMS_MAX) return;
    const place = atKey ? document.keyPlace(path) : document.place(path);
    problems.push({ ...place, path: text, message });
  };
  const list: ProblemList = {
    value: (path, message) => note(path, `${message}${received(document, path)}`, false),
    key: (path, message) => note(path, message, true),
    parse: (schema, input, base) => {
      const parsed = schema.safeParse(input);
      if (parsed.success) return parsed.data;
      for (const issue of wordIssues(schema, parsed.error.issues, input)) {
        const path = [...base, ...issue.path];
        if (issue.atKey || valueAt(document.raw, path) === undefined) list.key(path, issue.message);
        else list.value(path, issue.message);
      }
      return null;
    },
    list: () => problems.toSorted((one, other) => one.line - other.line || one.column - other.column),
  };
  return list;
}

function received(document: ConfigDocument, path: ConfigPath): string {
  const written = document.written(path);
  if (written !== null) return written === "" ? ", received nothing" : `, received ${written.slice(0, RECEIVED_LENGTH_MAX)}`;
  const value = valueAt(document.raw, path);
  if (value === null || value === undefined) return ", received nothing";
  return Array.isArray(value) ? ", received a list" : typeof value === "object" ? ", received a map" : "";
}
