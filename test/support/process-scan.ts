import { readFileSync, readdirSync } from "node:fs";

/** Test-side look at `/proc`, independent of healer's own. Elsewhere than on Linux it sees nothing. */
export function isAlive(pid: number): boolean {
  const state = stat(pid)?.state;
  return state !== undefined && state !== "Z" && state !== "X";
}

/** All living processes below `root`, deepest last. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = stat(pid)?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (let level = children.get(root) ?? []; level.length > 0; level = level.flatMap((pid) => children.get(pid) ?? []))
    found.push(...level);
  return found;
}

/** Living processes whose environment at start held exactly `variable` ("NAME=value"). */
export function carriers(variable: string): { pid: number; command: string }[] {
  return allPids()
    .filter((pid) => isAlive(pid) && read(`/proc/${pid}/environ`).split("\0").includes(variable))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() }));
}

/** True when the signal was sent; a process that is gone already is no error. Throws for a pid that would be a group's. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  if (pid < 1) throw new Error(`${pid} is no pid`);
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function allPids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function stat(pid: number): { state: string; parent: number } | undefined {
  // "pid (name) S ppid …"; the name may hold blanks and brackets.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  const [state, parent] = fields;
  return state === undefined || state === "" || parent === undefined ? undefined : { state, parent: Number(parent) };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
