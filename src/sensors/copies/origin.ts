import type { Ancestor, Origin, Session } from "../../core/copy.ts";
import { userName } from "../../world/accounts/accounts.ts";
import { printableText } from "../../world/processes/printable-text.ts";
import type { ProcessDetails } from "../../world/processes/process-facts.ts";
import { ancestorsOf } from "./ancestors.ts";
import type { FirstSeen, KnownProcess, ProcessSight } from "./known-process.ts";
import { masked } from "../../core/masked-words.ts";

const ANCESTORS_MAX = 16;
const PATH_CHARACTERS_MAX = 300;

export interface OriginOptions {
  readonly sight: ProcessSight;
  readonly details: ProcessDetails | null;
  readonly cwd: string | null;
  /** PM2's daemon above a process that it does not list. */
  readonly forgetful?: number | null;
}

/** Where a process comes from, as far as the kernel and the book still know. */
export function originOf(process: KnownProcess, { sight, details, cwd, forgetful }: OriginOptions): Origin {
  const { PWD: pwd, ...marks } = details?.marks ?? {};
  return {
    ancestors: lineageOf(process, sight)
      .slice(0, ANCESTORS_MAX)
      .map((ancestor) => shownAncestor(ancestor, ancestor.pid === forgetful ? " (no longer lists it)" : "")),
    user: userName(process.uid),
    login: details?.loginUid == null ? null : userName(details.loginUid),
    session: sessionOf(process, sight),
    unit: details?.unit ?? null,
    cwd: cwd === null ? null : printableText(cwd, PATH_CHARACTERS_MAX),
    pwd: pwd ?? null,
    marks: Object.fromEntries(Object.entries(marks).map(([name, value]) => [name, masked(value)])),
    output: details?.output ?? null,
    ports: details?.ports ?? [],
  };
}

interface Placed extends FirstSeen {
  readonly ended: boolean;
}

/**
 * The ancestors of the first sight, those that have ended among them, up to the first that is still above the process;
 * from there on who is above it now.
 */
function lineageOf(process: KnownProcess, sight: ProcessSight): readonly Placed[] {
  const now = ancestorsOf(process, sight).map((ancestor) => ({ ...ancestor, ended: false }));
  const lost: Placed[] = [];
  for (const first of process.line) {
    const at = now.findIndex((ancestor) => isSame(ancestor, first));
    if (at !== -1) return [...lost, ...now.slice(at)];
    const living = sight.get(first.pid);
    lost.push({ ...first, ended: !isSame(living, first) || living?.state === "Z" });
  }
  return [...lost, ...now];
}

function isSame(one: FirstSeen | undefined, other: FirstSeen): boolean {
  return one?.pid === other.pid && one.startTicks === other.startTicks;
}

function shownAncestor({ pid, command, uid, startedWallMs, ended }: Placed, remark: string): Ancestor {
  const started = new Date(startedWallMs).toISOString();
  return { pid, command: `${command}${remark}${ended ? " (ended)" : ""}`, user: userName(uid), started };
}

function sessionOf({ session, terminal }: KnownProcess, sight: ProcessSight): Session {
  const leader = sight.get(session);
  return { id: session, leader: leader?.session === session ? leader.command : null, terminal: terminalName(terminal) };
}

/** The kernel packs a device number: minor in bits 0-7 and 20-31, major in bits 8-19 (proc(5), new_encode_dev). */
export function terminalName(device: number): string | null {
  if (device === 0) return null;
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return `device ${major}:${minor}`;
}
