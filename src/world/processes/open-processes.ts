import { linuxProcesses } from "./linux-processes.ts";
import type { Processes } from "./processes.ts";
import { unsupportedProcesses } from "./unsupported-processes.ts";

/** The process door of this platform. */
export function openProcesses(platform: NodeJS.Platform = process.platform): Processes {
  return platform === "linux" ? linuxProcesses() : unsupportedProcesses();
}
