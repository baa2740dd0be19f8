import type { DaemonStatus } from "../daemon/status.ts";

/** The whole fleet, once; then what each turn has changed. */
export type FleetMessage =
  | { readonly kind: "fleet"; readonly at: string; readonly status: DaemonStatus }
  | {
      readonly kind: "turn";
      readonly at: string;
      /** The status without its targets. */
      readonly rest: Omit<DaemonStatus, "targets">;
      readonly changed: readonly Changes[];
      readonly gone: readonly string[];
    };

/** Targets with the same fields changed, of a new target all of them: of a thousand, most have the same few. */
export interface Changes {
  /** `memory_bytes`; of a success rate each figure by itself: `success.hour.ok`. */
  readonly fields: readonly string[];
  /** Each a target's id, then the values of its fields. */
  readonly targets: readonly (readonly [id: string, ...values: readonly unknown[]])[];
}
