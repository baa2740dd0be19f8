import { readdirSync } from "node:fs";
import { readOpenFiles, type OpenFiles } from "./open-files.ts";
import { printableText } from "./printable-text.ts";
import { procLink, procText } from "./proc-file.ts";

/** What a process was doing, for a person who asks later. Read once before it is ended; half a millisecond. */
export interface ProcessEvidence {
  /** Lines of `/proc/PID/status` that tell how it is: "State", "Threads", "VmRSS", … */
  readonly status: Readonly<Record<string, string>>;
  /** The kernel's function it waits in; null = it runs, or the kernel does not tell. */
  readonly waitsIn: string | null;
  readonly openFiles: OpenFiles | null;
  /** What they are, of the first hundreds: paths, and "9 pipes", "5 sockets". */
  readonly files: readonly string[];
}

const TOLD = ["State", "Threads", "VmPeak", "VmRSS", "VmSwap", "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"];
const FILES_MAX = 500;
const PATHS_MAX = 40;
const TEXT_MAX = 200;

/** null = no such process. */
export function readEvidence(pid: number): ProcessEvidence | null {
  const lines = procText(`/proc/${pid}/status`).split("\n");
  const status = Object.fromEntries(
    lines.flatMap((line) => {
      const [name = "", value = ""] = line.split(/:\s+/, 2);
      return TOLD.includes(name) ? [[name, printableText(value.replaceAll("\t", " "), TEXT_MAX)]] : [];
    }),
  );
  if (status["State"] === undefined) return null;
  const waitsIn = procText(`/proc/${pid}/wchan`, TEXT_MAX);
  return {
    status,
    waitsIn: /^[a-z_][\w.]*$/i.test(waitsIn) ? waitsIn : null,
    openFiles: readOpenFiles(pid),
    files: filesOf(pid),
  };
}

function filesOf(pid: number): readonly string[] {
  const kinds = new Map<string, number>();
  const paths = new Set<string>();
  for (const link of linksOf(pid)) {
    const kind = /^(pipe|socket|anon_inode):\[?(.*?)\]?$/.exec(link);
    if (kind === null) paths.add(printableText(link, TEXT_MAX));
    else count(kinds, kind[1] === "anon_inode" ? printableText(kind[2] ?? "", TEXT_MAX) : (kind[1] ?? ""));
  }
  const counted = [...kinds].map(([kind, number]) => `${number} ${kind}${number === 1 ? "" : "s"}`);
  return [...counted, ...[...paths].slice(0, PATHS_MAX)];
}

function count(kinds: Map<string, number>, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}

function linksOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .slice(0, FILES_MAX)
      .flatMap((number) => procLink(`/proc/${pid}/fd/${number}`) ?? []);
  } catch {
    return []; // another user's
  }
}
