import { createHash } from "node:crypto";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { printable } from "../record/printable.ts";
import type { Files } from "../world/files/files.ts";
import { takeKernelLock, type KernelLock, type LockOptions } from "../world/lock/kernel-lock.ts";

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
  readonly kind?: LockOptions["kind"];
}

/** What a healer says of itself to a second one. */
export interface InstanceFacts {
  readonly pid: number;
  readonly user: string;
  /** Its HEALER_HOME. */
  readonly home: string;
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
  const answer = JSON.stringify({ pid: options.pid, user: options.user, home: options.healerHome } satisfies InstanceFacts);
  const kind = options.kind === undefined ? {} : { kind: options.kind };
  const taken: KernelLock[] = [];
  for (const [what, home] of [
    ["pm2", options.pm2Home],
    ["home", options.healerHome],
  ] as const) {
    const lock = await takeKernelLock({ name: lockName(what, options.files.realPath(home)), answer, ...kind });
    if (!lock.ok) {
      await releaseAll(taken);
      return failure(lock.error.kind === "held" ? conflict(what, home, lock.error.answer) : { message: lock.error.message, first: null });
    }
    taken.push(lock.value);
  }
  return success({ release: () => releaseAll(taken) });
}

function lockName(what: "pm2" | "home", realPath: string): string {
  return `healer-${what}-${createHash("sha256").update(realPath).digest("hex").slice(0, DIGEST_DIGITS)}`;
}

function conflict(what: "pm2" | "home", home: string, answer: string | null): InstanceConflict {
  const first = parseFacts(answer);
  const who =
    first === null
      ? "another healer, which does not say who it is"
      : `another healer: pid ${first.pid}, user ${first.user}, HEALER_HOME ${first.home}`;
  return {
    first,
    message: what === "pm2" ? `PM2_HOME ${home} is watched by ${who}` : `HEALER_HOME ${home} is used by ${who}; give each healer its own`,
  };
}

/** Any local process could answer; what it says is shown, never acted on. */
function parseFacts(answer: string | null): InstanceFacts | null {
  if (answer === null) return null;
  try {
    const value: unknown = JSON.parse(answer);
    if (typeof value !== "object" || value === null) return null;
    const { pid, user, home } = value as Partial<Record<keyof InstanceFacts, unknown>>;
    if (typeof pid !== "number" || typeof user !== "string" || typeof home !== "string") return null;
    return { pid, user: shown(user), home: shown(home) };
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
