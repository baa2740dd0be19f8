/**
 * What a process shows of itself, in three depths: `ProcessGlance`, cheap enough to be repeated; `ProcessBrief` of every
 * process once; and `ProcessDetails` of the few that matter. The latter two carry only variables on a fixed list: an environment is full of secrets.
 * A command line may hold some as well: whoever shows `argv` masks it first.
 */
export interface ProcessBrief extends ProcessGlance {
  readonly uid: number;
  /** As it stands, to the byte; empty for kernel threads and zombies. Whoever writes a title over it leaves empty words behind. */
  readonly argv: readonly string[];
  /** Variables of `PM2_MARKS` in the environment it was started with; null = it is empty, or not for us to read. */
  readonly marks: Marks | null;
}

export interface ProcessGlance {
  readonly pid: number;
  readonly startTicks: number;
  readonly parentPid: number;
  /** First letter as in /proc/PID/status: R S D T t Z X I. */
  readonly state: string;
  /** The kernel's name of it ("node", "PM2 v7.0.4: God"), at most 15 bytes. */
  readonly name: string;
  readonly session: number;
  /** Device number of its terminal; 0 = none. */
  readonly terminal: number;
}

export type Marks = Readonly<Record<string, string>>;

export interface ProcessPlace {
  /** null = gone, or not for us to see. */
  readonly exe: string | null;
  readonly cwd: string | null;
}

export interface ProcessDetails {
  /** Variables of `ORIGIN_MARKS`, each at most 200 characters. */
  readonly marks: Marks;
  /** Systemd unit or scope of its control group; null = none named. */
  readonly unit: string | null;
  /** Uid that logged in; null = nobody, or a kernel without audit. */
  readonly loginUid: number | null;
  readonly pidNamespace: string | null;
  readonly mountNamespace: string | null;
  /** How many PID namespaces down it lives, as seen from here: 1 = in ours. Everybody may see this. */
  readonly pidNamespaceDepth: number;
  /** File, terminal or "pipe", "socket", "anon_inode"; null = closed, or not for us to see. */
  readonly output: string | null;
  readonly ports: readonly number[];
  readonly catches: readonly ("SIGTERM" | "SIGINT")[];
}

/** What PM2 tells a worker about itself; `pm2_env` holds the same as JSON for workers in cluster mode. */
export const PM2_MARKS = ["PM2_HOME", "pm_id", "name", "namespace", "pm_exec_path", "pm_cwd", "NODE_APP_INSTANCE", "unique_id"] as const;

/** What tells who started a process and from where. None of them is a secret by its meaning. */
export const ORIGIN_MARKS = [
  "PWD",
  "OLDPWD",
  "LOGNAME",
  "USER",
  "SUDO_USER",
  "SUDO_UID",
  "SSH_CONNECTION",
  "SSH_TTY",
  "XDG_SESSION_ID",
  "INVOCATION_ID",
  "SYSTEMD_EXEC_PID",
  "TMUX",
  "STY",
  "TERM_PROGRAM",
  "CRON_TZ",
  "CI",
  "GITHUB_ACTIONS",
  "BUILD_URL",
  "JENKINS_URL",
  "npm_lifecycle_event",
  "npm_package_name",
  "SHLVL",
  "_",
] as const;
