import type { HostStatus } from "./status.ts";

/** Memory, disk and load of the machine, for `status`; a slow turn of its own. */
export class HostWatch {
  latest: HostStatus | null = null;
  start(): void {}
  stop(): void {}
}
