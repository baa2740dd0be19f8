import { basename, isAbsolute, resolve } from "node:path";
import type { ProcessPlace } from "../../world/processes/process-facts.ts";
import type { Program } from "./apps.ts";
import type { KnownProcess } from "./known-process.ts";
import { family, runsScripts, scriptWord } from "./script-word.ts";

/** What can be asked about a process and about paths, looked up when it matters. */
export interface Surroundings {
  place(pid: number): ProcessPlace;
  /** The path without its symbolic links; itself where there is no such thing. */
  realPath(path: string): string;
}

/**
 * Whether the command line of a process is that of a row: same kind of interpreter, same script, and, unless marks have
 * settled that it is the app, the same arguments. A title in place of a command line is no answer (`titleOf`).
 */
export function sameCommand(process: KnownProcess, row: Program, around: Surroundings, args: "same" | "any" = "same"): boolean {
  const { argv } = process;
  if (argv.length === 0) return false;
  if (row.interpreter !== "none") {
    const at = family(argv[0] ?? "") === family(row.interpreter) ? scriptWord(argv) : null;
    return at !== null && sameArgs(argv, at, row, args) && isScript(process, argv[at] ?? "", row, around);
  }
  if (sameArgs(argv, 0, row, args) && isProgram(process, row, around)) return true;
  const at = runsScripts(argv[0] ?? "") ? scriptWord(argv) : null; // of a `#!` line
  return at !== null && sameArgs(argv, at, row, args) && isScript(process, argv[at] ?? "", row, around);
}

function sameArgs(argv: readonly string[], at: number, row: Program, args: "same" | "any"): boolean {
  if (args === "any") return true;
  const theirs = row.args;
  return theirs !== null && argv.length === at + 1 + theirs.length && theirs.every((arg, index) => arg === argv[at + 1 + index]);
}

/** `node worker` runs worker.js as well. */
function isScript(process: KnownProcess, word: string, row: Program, around: Surroundings): boolean {
  if (stem(word) !== stem(row.script) && around.realPath(row.script) === row.script) return false;
  const path = isAbsolute(word) ? resolve(word) : fromCwd(around.place(process.pid).cwd, word);
  if (path === null) return false;
  return samePath(path, row.script, around) || (family(row.interpreter) === "node" && samePath(`${path}.js`, row.script, around));
}

function isProgram(process: KnownProcess, row: Program, around: Surroundings): boolean {
  const word = process.argv[0] ?? "";
  if (isAbsolute(word) && samePath(word, row.script, around)) return true;
  const { exe, cwd } = around.place(process.pid);
  const path = word.includes("/") ? fromCwd(cwd, word) : null;
  return (path !== null && samePath(path, row.script, around)) || (exe !== null && exe === around.realPath(row.script));
}

function fromCwd(cwd: string | null, word: string): string | null {
  return cwd === null ? null : resolve(cwd, word);
}

function stem(path: string): string {
  return basename(path).replace(/\.[cm]?[jt]s$/, "");
}

export function samePath(one: string, other: string, around: Pick<Surroundings, "realPath">): boolean {
  return one === other || around.realPath(one) === around.realPath(other);
}
