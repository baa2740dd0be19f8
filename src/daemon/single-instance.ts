import { createHash } from "node:crypto";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { printable } from "../record/printable.ts";
import type { Files } from "../world/files/files.ts";
import { askLockHolder, takeKernelLock, type KernelLock, type LockFailure, type LockOptions } from "../world/lock/kernel-lock.ts";
import { waitForKernelLock } from "../world/lock/wait-for-lock.ts";

/** Proof that no other healer watches this PM2_HOME or writes into this HEALER_HOME. */
export interface Instance {
  release(): Promise<void>;
}

export interface InstanceOptions {
  readonly files: Files;
  readonly pm2Home: string;
  readonly healerHome: string;
  readonly pid: number;
  readonly user: string;
  /** The command that holds both homes for a while ("trim"); null or left out: a daemon, which stays. */
  readonly command?: string | null;
  /** How long to wait while the holder is such a passing command. A daemon is not waited for. */
  readonly waitMs?: number;
  readonly kind?: LockOptions["kind"];
}

/** What a healer says of itself to a second one. */
export interface InstanceFacts {
  readonly pid: number;
  readonly user: string;
  /** Its HEALER_HOME. */
  readonly home: string;
  /** It is no daemon but this command, and over soon. */
  readonly command?: string;
}

/** `first` null = it holds the lock but did not say who it is. */
export interface InstanceConflict {
  readonly message: string;
  readonly first: InstanceFacts | null;
}

const DIGEST_DIGITS = 24; // 96 bits: no two folders of a host share it
const TEXT_CHARACTERS_MAX = 200;

/**
 * One healer per PM2_HOME, whatever its HEALER_HOME: two would restart the same workers. And one per HEALER_HOME,
 * whatever its PM2_HOME: two would write into one journal. Links are resolved, so one folder has one name.
 */
export async function claimInstance(options: InstanceOptions): Promise<Outcome<Instance, InstanceConflict>> {
  const { pid, user, healerHome, command = null } = options;
  const answer = JSON.stringify({ pid, user, home: healerHome, ...(command === null ? {} : { command }) } satisfies InstanceFacts);
  const kind = options.kind === undefined ? {} : { kind: options.kind };
  const endMs = performance.now() + (options.waitMs ?? 0);
  const taken: KernelLock[] = [];
  for (const [what, home] of [
    ["pm2", options.pm2Home],
    ["home", options.healerHome],
  ] as const) {
    const lock = await claimLock({ name: lockName(what, options.files.realPath(home)), answer, ...kind }, endMs - performance.now());
    if (!lock.ok) {
      await releaseAll(taken);
      return failure(lock.error.kind === "held" ? conflict(what, home, lock.error.answer) : { message: lock.error.message, first: null });
    }
    taken.push(lock.value);
  }
  return success({ release: () => releaseAll(taken) });
}

/** Who watches this PM2_HOME, by its own words; null = nobody, or a passing command. Takes nothing. */
export async function whoWatches(files: Files, pm2Home: string): Promise<InstanceFacts | null> {
  const facts = parseFacts(await askLockHolder({ name: lockName("pm2", files.realPath(pm2Home)) }));
  return facts === null || facts.command !== undefined ? null : facts;
}

function claimLock(lock: LockOptions, waitMs: number): Promise<Outcome<KernelLock, LockFailure>> {
  if (waitMs <= 0) return takeKernelLock(lock);
  const onHeld = (answer: string | null): "wait" | "give-up" => (parseFacts(answer)?.command === undefined ? "give-up" : "wait");
  return waitForKernelLock({ ...lock, deadlineMs: waitMs, onHeld });
}

/** The name of the lock on a folder, for what is locked of it. */
export function lockName(what: "pm2" | "home" | "ensure", realPath: string): string {
  return `healer-${what}-${createHash("sha256").update(realPath).digest("hex").slice(0, DIGEST_DIGITS)}`;
}

function conflict(what: "pm2" | "home", home: string, answer: string | null): InstanceConflict {
  const first = parseFacts(answer);
  const facts = first === null ? ", which does not say who it is" : `: pid ${first.pid}, user ${first.user}, HEALER_HOME ${first.home}`;
  const who = first?.command === undefined ? `another healer${facts}` : `healer ${first.command}, which is not over yet${facts}`;
  const inUse = first?.command === undefined ? "watched" : "used";
  return {
    first,
    message: what === "pm2" ? `PM2_HOME ${home} is ${inUse} by ${who}` : `HEALER_HOME ${home} is used by ${who}; give each healer its own`,
  };
}

/** Any local process could answer; what it says is shown, and at the most waited for. */
function parseFacts(answer: string | null): InstanceFacts | null {
  if (answer === null) return null;
  try {
    const value: unknown = JSON.parse(answer);
    if (typeof value !== "object" || value === null) return null;
    const { pid, user, home, command } = value as Partial<Record<keyof InstanceFacts, unknown>>;
    if (typeof pid !== "number" || typeof user !== "string" || typeof home !== "string") return null;
    return { pid, user: shown(user), home: shown(home), ...(typeof command === "string" ? { command: shown(command) } : {}) };
  } catch {
    return null;
  }
}

function shown(text: string): string {
  return printable(text.slice(0, TEXT_CHARACTERS_MAX));
}

async function releaseAll(locks: readonly KernelLock[]): Promise<void> {
  await Promise.all(locks.map((lock) => lock.release()));
}
