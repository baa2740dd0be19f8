import { readdirSync } from "node:fs";
import { environmentMarks } from "./environment-marks.ts";
import { listeningPorts } from "./listening-ports.ts";
import { printableText } from "./printable-text.ts";
import { procLink, procText } from "./proc-file.ts";
import { ORIGIN_MARKS, type ProcessDetails } from "./process-facts.ts";

const MARK_CHARACTERS_MAX = 200;
const OPEN_FILES_MAX = 1_024; // the usual limit of a process; beyond it ports may be missing
const NO_LOGIN = 4_294_967_295; // (uid_t) -1: nobody logged in
const SIGNALS = [
  ["SIGTERM", 15],
  ["SIGINT", 2],
] as const;

/** Some fifteen files and a link for each open file: half a millisecond. null = no such process. */
export function readDetails(pid: number): ProcessDetails | null {
  const status = procText(`/proc/${pid}/status`);
  if (status === "") return null;
  const loginUid = Number(procText(`/proc/${pid}/loginuid`) || NO_LOGIN);
  const marks = environmentMarks(pid, ORIGIN_MARKS, 4 * MARK_CHARACTERS_MAX) ?? {};
  return {
    marks: Object.fromEntries(Object.entries(marks).map(([name, value]) => [name, printableText(value, MARK_CHARACTERS_MAX)])),
    unit: unitOf(procText(`/proc/${pid}/cgroup`)),
    loginUid: loginUid === NO_LOGIN ? null : loginUid,
    pidNamespace: procLink(`/proc/${pid}/ns/pid`),
    mountNamespace: procLink(`/proc/${pid}/ns/mnt`),
    pidNamespaceDepth: (/^NSpid:(.*)$/m.exec(status)?.[1] ?? "1").trim().split(/\s+/).length,
    output: outputOf(procLink(`/proc/${pid}/fd/1`)),
    ports: listeningPorts(pid, socketsOf(pid)),
    catches: caughtIn(status),
  };
}

/**
 * The innermost element of a control group's path that is a service or a scope: slices only group them. With several
 * hierarchies (cgroup v1) the one systemd keeps comes first or says so by name.
 */
export function unitOf(cgroup: string): string | null {
  const lines = cgroup
    .split("\n")
    .toSorted((one, other) => Number(other.includes(":name=systemd:")) - Number(one.includes(":name=systemd:")));
  for (const line of lines) {
    const unit = line.split("/").findLast((element) => /\.(service|scope)$/.test(element));
    if (unit !== undefined) return printableText(unit, MARK_CHARACTERS_MAX);
  }
  return null;
}

/** "pipe:[4711]" → "pipe": the number tells a person nothing. */
function outputOf(link: string | null): string | null {
  return link === null ? null : printableText(/^(pipe|socket|anon_inode):/.exec(link)?.[1] ?? link, MARK_CHARACTERS_MAX);
}

/** Masks of `status` are hexadecimal, signal 1 in the lowest bit. */
function caughtIn(status: string): ("SIGTERM" | "SIGINT")[] {
  const mask = BigInt(`0x${/^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return SIGNALS.filter(([, number]) => ((mask >> BigInt(number - 1)) & 1n) === 1n).map(([name]) => name);
}

function socketsOf(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const file of openFiles(pid).slice(0, OPEN_FILES_MAX)) {
    const inode = /^socket:\[(\d+)\]$/.exec(procLink(`/proc/${pid}/fd/${file}`) ?? "")?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

function openFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}
