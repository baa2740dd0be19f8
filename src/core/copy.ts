import type { TargetId } from "./observation.ts";

/**
 * Who owns a worker too many: `pm2` a row of PM2's list; `orphan` its environment names this PM2_HOME and a pm_id, and
 * whoever owned it is gone; `outside` the app's command, started by somebody else; `other_daemon` a row of another
 * living PM2 daemon, which would bring it back.
 */
export type CopyOwner = "pm2" | "orphan" | "outside" | "other_daemon";

/**
 * A process that runs a selected app's program beside PM2's own rows: the root of its tree. A fact of a sensor; which of
 * them is too many is decided in `trim-plan.ts`.
 */
export interface OutsideCopy {
  readonly group: TargetId;
  /** Of the row it is a copy of; with the group the unit in which workers are counted. */
  readonly script: string;
  readonly owner: Exclude<CopyOwner, "pm2">;
  readonly pid: number;
  /** Start in clock ticks since boot: with the pid the identity of the process. */
  readonly startTicks: number;
  readonly startedWallMs: number;
  /** Instance number in its environment; null = it names none. */
  readonly instance: string | null;
  /** For people: secrets masked, at most 300 characters. */
  readonly command: string;
  /** Hash of the exact command line: looked at once more before it is ended. */
  readonly commandHash: string;
  /** Why it is only ever reported, whatever `trim_outside` says ("its working directory is /root, not /srv/app"); null = it may be ended. */
  readonly untouchable: string | null;
  /** The command that would start it again, secrets masked. */
  readonly restore: string;
  readonly origin: Origin;
}

/** Where a process comes from, as far as the kernel still knows. Plain JSON: it stands in the heal log as it is. */
export interface Origin {
  /** Nearest first, init last. Where the one that started it is gone, init (or a subreaper) is all there is. */
  readonly ancestors: readonly Ancestor[];
  /** Owner of the process, by name where it has one. */
  readonly user: string;
  /** Who logged in (`loginuid`), also behind sudo; null = nobody: a service, cron, or a kernel without audit. */
  readonly login: string | null;
  readonly session: Session;
  /** The systemd unit or scope of its cgroup ("cron.service", "session-12.scope"); null = none named. */
  readonly unit: string | null;
  readonly cwd: string | null;
  /** PWD of its environment: where the shell stood that started it. */
  readonly pwd: string | null;
  /** Variables that tell who started it (SSH_CONNECTION, SUDO_USER, CRON …), only names on a fixed list. */
  readonly marks: Readonly<Record<string, string>>;
  /** Where its standard output goes ("/var/log/worker.log", "/dev/pts/3", "pipe"); null = not known. */
  readonly output: string | null;
  /** TCP ports it listens on; empty = none, or not to be seen. */
  readonly ports: readonly number[];
}

export interface Ancestor {
  readonly pid: number;
  /** Secrets masked, at most 200 characters. */
  readonly command: string;
  readonly user: string;
  /** ISO 8601, UTC. */
  readonly started: string;
}

export interface Session {
  readonly id: number;
  /** Command of its leader; null = the leader has ended. */
  readonly leader: string | null;
  /** "pts/3"; null = it has no terminal. */
  readonly terminal: string | null;
}

/** Where a row of PM2's comes from: the environment of its process is that of whoever called PM2. */
export interface RowOrigin {
  readonly pid: number;
  readonly origin: Origin;
}
