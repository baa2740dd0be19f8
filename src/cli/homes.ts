import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { stateHome } from "../record/state-home.ts";
import { accountOf } from "../world/accounts/accounts.ts";

/** Where systemd looks for units made by an administrator. */
export const UNIT_FILE = "/etc/systemd/system/healer.service";

/**
 * Where a healer may keep its state, most likely first: `HEALER_HOME` and nothing else if it is set; else one's own, that
 * of the account behind sudo, and the one the installed system service names.
 */
export function candidateHomes(env: Readonly<Record<string, string | undefined>>, unitFile = UNIT_FILE): readonly string[] {
  const own = stateHome(env).home;
  if (env["HEALER_HOME"] !== undefined && env["HEALER_HOME"] !== "") return [own];
  const sudo = env["SUDO_USER"] === undefined ? null : accountOf({ name: env["SUDO_USER"] });
  const served = homeOfUnit(unitFile);
  return [...new Set([own, ...(sudo === null ? [] : [join(sudo.home, ".healer")]), ...(served === null ? [] : [served])])];
}

function homeOfUnit(unitFile: string): string | null {
  try {
    return /^Environment="HEALER_HOME=([^"\\%\n]+)"$/m.exec(readFileSync(unitFile, "utf8"))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Name of the owner of the path, or of the nearest folder above that can be looked at. */
export function ownerOf(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    const uid = uidOf(at);
    if (uid !== null) return accountOf({ uid })?.name ?? `uid ${uid}`;
    if (at === dirname(at)) return "another user";
  }
}

function uidOf(path: string): number | null {
  try {
    return statSync(path).uid;
  } catch {
    return null;
  }
}
