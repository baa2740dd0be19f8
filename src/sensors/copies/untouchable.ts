import { printableText } from "../../world/processes/printable-text.ts";
import type { App } from "./apps.ts";
import type { KnownProcess } from "./known-process.ts";
import type { FoundCopy, Picture } from "./picture.ts";

const PATH_CHARACTERS_MAX = 200;

interface Doubted extends Pick<FoundCopy, "process" | "owner" | "daemon"> {
  /** All it could be a copy of. */
  readonly apps: readonly App[];
  readonly isMarked: boolean;
}

/** Why a copy is only ever reported; null = it may be ended. */
export function whyUntouchable({ process, apps, owner, daemon, isMarked }: Doubted, picture: Picture): string | null {
  if (owner === "other_daemon") return `PM2 daemon ${daemon?.pid ?? "?"} (${homeOf(daemon, process)}) would bring it back`;
  if (!picture.maySignal(process.uid)) return "it belongs to another user, and healer may not signal it";
  const [first, second] = apps;
  if (first !== undefined && second !== undefined) return `it could be a copy of ${first.group} as well as of ${second.group}`;
  return owner === "orphan" && isMarked ? null : whyElsewhere(process, first, picture);
}

/** The daemon started in the usual home may have no PM2_HOME in its own environment; its workers always have. */
function homeOf(daemon: KnownProcess | null, process: KnownProcess): string {
  const titled = /God Daemon \((.*)\)/.exec(daemon?.argv[0] ?? "")?.[1];
  return shown(process.marks?.["PM2_HOME"] ?? daemon?.marks?.["PM2_HOME"] ?? titled ?? "its home is not known");
}

/** The same command in another directory reads other files: as likely an experiment as a copy. */
function whyElsewhere(process: KnownProcess, app: App | undefined, picture: Picture): string | null {
  const cwd = picture.place(process.pid).cwd;
  if (cwd === null) return "its working directory cannot be read";
  const theirs = (app?.rows ?? []).flatMap((row) => [
    row.cwd === null ? null : picture.realPath(row.cwd),
    row.pid === null ? null : picture.place(row.pid).cwd,
  ]);
  if (theirs.includes(cwd)) return null;
  return `its working directory is ${shown(cwd)}, the app's is ${shown(theirs.find((each) => each !== null) ?? "not known")}`;
}

function shown(path: string): string {
  return printableText(path, PATH_CHARACTERS_MAX);
}
