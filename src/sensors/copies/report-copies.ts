import type { OutsideCopy, RowOrigin } from "../../core/copy.ts";
import type { TargetId } from "../../core/observation.ts";
import type { App } from "./apps.ts";
import { originOf } from "./origin.ts";
import type { FoundCopy, Scene } from "./picture.ts";
import { titleNames, titleOf } from "./command-title.ts";
import { restoreCommand, shownCommand } from "./shown-command.ts";

const COMMAND_CHARACTERS_MAX = 300;
const RESTORE_CHARACTERS_MAX = 2_000;
const ROWS_READ_MAX = 16; // new ones a look; the others follow with the next
const ROWS_MAX = 500;

export function reportCopy({ process, app, owner, daemon, untouchable }: FoundCopy, scene: Scene): OutsideCopy {
  const { cwd } = scene.place(process.pid);
  return {
    group: app.group,
    script: app.script,
    owner,
    pid: process.pid,
    startTicks: process.startTicks,
    startedWallMs: process.startedWallMs,
    instance: process.marks?.["NODE_APP_INSTANCE"] ?? null,
    command: process.argv.length === 0 ? process.command : shownCommand(process.argv, COMMAND_CHARACTERS_MAX),
    commandHash: process.commandHash,
    untouchable,
    restore: restoreOf({ process, app }, cwd),
    origin: originOf(process, {
      sight: scene.processes,
      details: scene.details(process.pid),
      cwd,
      forgetful: owner === "orphan" ? (daemon?.pid ?? null) : null,
    }),
  };
}

/** A title is no command: behind PM2's "node SCRIPT" stood the arguments that PM2 knows. */
function restoreOf({ process: { argv, command }, app }: Pick<FoundCopy, "process" | "app">, cwd: string | null): string {
  const title = titleOf(argv);
  const [runtime = "node"] = title?.split(" ") ?? [];
  const words = title !== null && titleNames(title, app.script) ? [runtime, app.script, ...(app.programs[0]?.args ?? [])] : argv;
  return restoreCommand(cwd, words.length === 0 ? [command] : words, RESTORE_CHARACTERS_MAX);
}

/** Where the rows come from of every app that has more running than it may. */
export function reportRows(
  apps: readonly App[],
  scene: Scene,
  limits: { readonly maxWorkersOf: (group: TargetId) => number | null; readonly knows: (pid: number) => boolean },
): readonly RowOrigin[] {
  const reported: RowOrigin[] = [];
  let reads = 0;
  for (const { group, rows } of apps.filter(({ selected }) => selected)) {
    const pids = rows.flatMap(({ pid }) => pid ?? []);
    const most = limits.maxWorkersOf(group);
    if (most === null || pids.length <= most) continue;
    for (const pid of pids) {
      const process = scene.processes.get(pid);
      if (process === undefined || reported.length >= ROWS_MAX || (!limits.knows(pid) && ++reads > ROWS_READ_MAX)) continue;
      const origin = originOf(process, { sight: scene.processes, details: scene.details(pid), cwd: scene.place(pid).cwd });
      reported.push({ pid, origin });
    }
  }
  return reported;
}
