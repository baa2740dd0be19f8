import { execFile } from "node:child_process";
import { failure, success, type Outcome } from "../../core/outcome.ts";

const TIMEOUT_MS = 10_000; // it waits until systemd has read the message

/**
 * Sends assignments (`READY=1`) to systemd through its own command, because Node has no datagram sockets in the file
 * system. One short process a call; the message arrives before the process ends, so that systemd can tell whose it is.
 */
export function sendToSystemd(
  assignments: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Outcome<null, string>> {
  return new Promise((resolve) => {
    execFile("systemd-notify", [...assignments], { env, timeout: TIMEOUT_MS, windowsHide: true }, (error) => {
      resolve(error === null ? success(null) : failure(`systemd-notify ${assignments.join(" ")}: ${error.message.trim()}`));
    });
  });
}
