import type { Pm2Notice } from "../../core/pm2-notice.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Pm2View } from "../../core/observation.ts";

/**
 * The door to the PM2 daemon. It never spawns a daemon, queues nothing across a reconnect, and gives every call a
 * deadline; a call that fails is a value with a kind. Fake and real pass one contract suite.
 */
export interface Pm2 {
  /** One full listing. `env` of the rows holds only the names given at construction. */
  list(): Promise<Pm2Outcome<Pm2View>>;
  /** `restartProcessId`: stops and starts inside the daemon; also starts a stopped row. */
  restart(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>>;
  /** Cluster replacement (`softReloadProcessId` / `reloadProcessId`). */
  reload(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>>;
  stop(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>>;
  /** Starts a row that is stopped; does not touch one that runs. */
  start(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>>;
  /**
   * `prepare`: adds a row for a definition from PM2's dump, as `pm2 resurrect` does, and starts it unless it was dumped
   * stopped. Knows no pm_id and no name that is taken: whoever calls it has looked that the app is not there.
   */
  prepare(definition: unknown): Promise<Pm2Outcome<null>>;
  /**
   * Starts a second process beside a row, as a row of its own: `prepare` with what `pm2 save` would write down of the first,
   * so it keeps the number (`NODE_APP_INSTANCE`), which `duplicateProcessId` would not. PM2 notes `createdWallMs` as its
   * `created_at`, also over a `pm2 resurrect`: by that the copy is known. Answers when PM2 calls it online, however it does.
   */
  duplicate(pmId: number, createdWallMs: number, limits: StopLimits): Promise<Pm2Outcome<null>>;
  /** `deleteProcessId`. */
  remove(pmId: number, limits: StopLimits): Promise<Pm2Outcome<null>>;
  /** True while the bus is subscribed and alive; hints then tell when to list again. */
  readonly busConnected: boolean;
  /** Why it is not; null = it is. */
  readonly busSilence: string | null;
  /**
   * Who hears of each uncaught exception PM2 publishes (`process:exception`), by the worker's pm_id, from a socket event: return
   * soon. PM2 says whose it is; that there was one the worker says, and may lie. null = nobody, and they are skipped unread.
   */
  hearExceptions(hear: ((pmId: number) => void) | null): void;
  /** Variables to take out of each worker's environment from the next list on. */
  wantEnv(names: readonly string[]): void;
  close(): void;
}

export interface StopLimits {
  readonly killTimeoutMs: number;
  readonly listenTimeoutMs: number;
}

export type Pm2Outcome<Value> = Outcome<Value, Pm2Error>;

/**
 * `absent` no socket · `refused` a socket nobody answers · `forbidden` another user's · `hung` no reply in time (the
 * command may still run) · `lost` the daemon went away before answering (likewise) · `unknown-id` · `busy` PM2 has
 * another command on that process · `nonsense` a reply that is not PM2's · `failed` PM2 said no.
 */
export interface Pm2Error {
  readonly kind: "absent" | "refused" | "forbidden" | "hung" | "lost" | "unknown-id" | "busy" | "nonsense" | "failed";
  /** A clear line: which socket, which user, what was expected. */
  readonly message: string;
}

/** What the bus said, validated and reduced. A hint to look, never a fact to act on. */
export type Pm2Hint =
  | {
      readonly kind: "exit" | "online" | "start" | "stop" | "restart" | "errored" | "other" | "daemon-killed" | "bus-lost" | "bus-back";
      /** null for daemon-wide hints. */
      readonly pmId: number | null;
    }
  /** What the daemon logged of a worker: told, and no reason to look. */
  | { readonly kind: "said"; readonly pmId: null; readonly notice: Pm2Notice };
