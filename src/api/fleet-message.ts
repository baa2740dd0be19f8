import type { TargetStatus } from "../core/status.ts";
import type { DaemonStatus } from "../daemon/status.ts";

/** The whole fleet, once; then what each turn has changed. */
export type FleetMessage =
  | { readonly kind: "fleet"; readonly at: string; readonly status: DaemonStatus }
  | {
      readonly kind: "turn";
      readonly at: string;
      /** The status without its targets. */
      readonly rest: Omit<DaemonStatus, "targets">;
      /** By target, the fields that have changed; of a new target all of them. */
      readonly changed: readonly (Partial<TargetStatus> & Pick<TargetStatus, "id">)[];
      readonly gone: readonly string[];
    };
