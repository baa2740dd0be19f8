import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import { keepAskers } from "./lock-askers.ts";
import { meetHolder } from "./lock-holder.ts";
import { listenOnPath } from "./path-socket.ts";

/** A lock that its holder cannot leave behind: the kernel takes it back when the process ends, however it ends. */
export interface KernelLock {
  release(): Promise<void>;
}

/** `held`: another process has it, `answer` is what it says of itself (null = it does not answer). */
export type LockFailure = { readonly kind: "held"; readonly answer: string | null } | { readonly kind: "failed"; readonly message: string };

export interface LockName {
  /** Letters, digits and dashes. */
  readonly name: string;
  /** Left out: `abstract` on Linux, `path` elsewhere. */
  readonly kind?: "abstract" | "path";
}

export interface LockOptions extends LockName {
  /** One line the holder gives to whoever asks. */
  readonly answer: string;
}

/**
 * Takes the lock or says who has it.
 *
 * On Linux the lock is a listening socket with an abstract name: no file, so nothing stale and nothing to clean up.
 * Abstract names belong to a network namespace: two containers with a namespace each and one PM2_HOME between them do
 * not see each other's lock. They have no owner either: any local user can take the name, and so keep healer from
 * starting, but not make it act. Nothing else is fallen back on: a second lock with other gaps would make it unclear
 * which of them holds. Elsewhere the lock is a socket file in the temporary folder; see `path-socket.ts`.
 */
export async function takeKernelLock(options: LockOptions): Promise<Outcome<KernelLock, LockFailure>> {
  return (await tryKernelLock(options)) ?? failure({ kind: "held", answer: await askLockHolder(options) });
}

/** What the holder says of itself; null = nobody has the lock, or it does not answer. Takes nothing. */
export async function askLockHolder(lock: LockName): Promise<string | null> {
  const meeting = await meetHolder(addressOf(lock));
  meeting.leave();
  return meeting.answer;
}

/** Null: somebody has it. */
export async function tryKernelLock(options: LockOptions): Promise<Outcome<KernelLock, LockFailure> | null> {
  const askers = keepAskers(options.answer);
  const address = addressOf(options);
  const code =
    kindOf(options) === "abstract" ? await listenOn(askers.server, address) : await listenOnPath(askers.server, address, listenOn);
  if (code === null) return success({ release: () => askers.dismiss() });
  return code === "EADDRINUSE" ? null : failure({ kind: "failed", message: `cannot take the lock ${options.name}: ${code}` });
}

export function addressOf(lock: LockName): string {
  return kindOf(lock) === "abstract" ? `\0${lock.name}` : join(tmpdir(), `${lock.name}.sock`);
}

function kindOf({ kind }: LockName): "abstract" | "path" {
  return kind ?? (process.platform === "linux" ? "abstract" : "path");
}

/** Null, or the code of the error. */
function listenOn(server: Server, address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve("code" in error ? String(error.code) : error.message);
    server.once("error", failed);
    server.listen({ path: address }, () => {
      server.off("error", failed);
      server.on("error", () => undefined); // an accept that fails (no file descriptor left) costs one asker its answer
      resolve(null);
    });
  });
}
