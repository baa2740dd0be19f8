import type { CopiesSeen, Observation, Pm2View, TargetId } from "./observation.ts";
import type { Heard } from "./pm2-notice.ts";
import type { Policy, TrimOutside } from "./strategy.ts";

/**
 * Everything that can happen to the core. `atMs` is reducer time: suspend-free monotonic milliseconds that continue over
 * restarts of the daemon; `wallMs` is only for people and for what PM2 stamps. Wall-clock jumps change no decision.
 */
export type Event = { readonly atMs: number; readonly wallMs: number } & EventBody;

export type EventBody =
  | {
      readonly type: "turn";
      /** The newest list; null = nothing hints at a change, the last one stands; a string = PM2 is lost, and why. */
      readonly pm2: Pm2View | string | null;
      readonly observations: readonly Observation[];
      /** What PM2's daemon said since the event before; left out = nobody listened. */
      readonly heard?: Heard;
      /** The machine slept, or healer itself stalled, for so long since the previous turn: silences in it mean nothing. */
      readonly stalledMs: number;
    }
  /** The journal has the record, and PM2 was listed again after that (a string = it could not be, and why). */
  | {
      readonly type: "durable";
      readonly target: TargetId;
      readonly healId: string;
      readonly pm2: Pm2View | string;
      readonly heard?: Heard;
      /** What runs beside PM2's rows, looked at after that list; null or left out = it could not be seen. */
      readonly copies?: CopiesSeen | null;
    }
  /** The journal could not write. `target` and `healId` null = a record that no action was waiting for. */
  | { readonly type: "journal_failed"; readonly target: TargetId | null; readonly healId: string | null; readonly error: string }
  | {
      readonly type: "action_done";
      readonly target: TargetId;
      readonly healId: string;
      readonly ok: boolean;
      readonly error: string | null;
      readonly tookMs: number;
      readonly pm2: Pm2View | string;
      readonly heard?: Heard;
      /** As in `durable`. */
      readonly copies?: CopiesSeen | null;
    }
  | { readonly type: "policy"; readonly policy: Policy }
  | { readonly type: "command"; readonly id: number; readonly by: string; readonly command: Command };

/**
 * `all` the whole action · `stop` / `start` the two halves of a hold-down, or the rest of a stop-start cut short · `add` /
 * `remove` the two halves of a replace, `undo` the end of one whose replacement does not come up.
 */
export type ActionStep = "all" | "stop" | "start" | "add" | "remove" | "undo";

export type Command =
  | { readonly name: "heal"; readonly target: TargetId; readonly action: string | null; readonly force: readonly string[] }
  | { readonly name: "pause"; readonly target: TargetId | null; readonly forMs: number | null; readonly reason: string }
  | { readonly name: "resume"; readonly target: TargetId | null }
  | { readonly name: "reset"; readonly target: TargetId }
  | {
      readonly name: "trim";
      readonly target: TargetId;
      readonly keep: number;
      /** null = as the configuration says. */
      readonly outside: TrimOutside | null;
      readonly dryRun: boolean;
      readonly force: readonly string[];
    };
