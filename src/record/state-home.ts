import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { failure, success, type Outcome } from "../core/outcome.ts";
import type { FileError, Files } from "../world/files/files.ts";

/** Where healer keeps what it must not forget (`HEALER_HOME`). */
export interface StateHome {
  readonly home: string;
  readonly healLog: string;
  readonly daemonLog: string;
  readonly journal: string;
  readonly snapshot: string;
  readonly history: string;
  readonly evidence: string;
  readonly outbox: string;
  readonly socket: string;
}

const OTHERS_MAY_WRITE = 0o022;

export function stateHome(env: Readonly<Record<string, string | undefined>>, userHome: string = homedir()): StateHome {
  const named = env["HEALER_HOME"];
  const home = named === undefined || named === "" ? join(userHome, ".healer") : resolve(named);
  return {
    home,
    healLog: join(home, "heal.log"),
    daemonLog: join(home, "daemon.log"),
    journal: join(home, "journal"),
    snapshot: join(home, "state.json"),
    history: join(home, "history"),
    evidence: join(home, "evidence"),
    outbox: join(home, "outbox"),
    socket: join(home, "healer.sock"),
  };
}

/**
 * Makes the folder 0700. Refuses one that others may write to: whoever can forge a journal decides what is restarted.
 */
export function prepareStateHome(files: Files, { home }: StateHome): Outcome<null, FileError> {
  const made = files.makeDir(home);
  const facts = made.ok ? files.facts(home) : made;
  if (!facts.ok) return facts;
  if ((facts.value.mode & OTHERS_MAY_WRITE) === 0) return success(null);
  const mode = facts.value.mode.toString(8);
  return failure({
    kind: "forbidden",
    message: `${home} has mode ${mode}: others could forge what healer remembers; run chmod 700 ${home}`,
  });
}
