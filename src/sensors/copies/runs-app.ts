import type { App, Program } from "./apps.ts";
import type { KnownProcess } from "./known-process.ts";
import { titleNames, titleOf } from "./command-title.ts";
import { isDaemon } from "./daemons.ts";
import { sameCommand, samePath } from "./runs-program.ts";
import { family, runsScripts } from "./script-word.ts";
import type { Picture } from "./picture.ts";

/**
 * Whether the environment says that our PM2 started it as this app, and it runs the app's program. The environment alone
 * is no proof: every child inherits it, and a browser that a worker has left behind is no worker.
 */
export function runsAsMarked(process: KnownProcess, app: App, picture: Picture): boolean {
  const marks = process.marks;
  if (marks === null || marks["name"] !== app.name || (marks["namespace"] ?? app.namespace) !== app.namespace) return false;
  const [home, script] = [marks["PM2_HOME"], marks["pm_exec_path"]];
  if (home === undefined || script === undefined || !samePath(home, picture.pm2Home, picture)) return false;
  return samePath(script, app.script, picture) && showsProgram(process, app, picture);
}

function showsProgram(process: KnownProcess, app: App, picture: Picture): boolean {
  const title = titleOf(process.argv);
  if (title !== null && titleNames(title, app.script)) return true;
  if (app.programs.some((program) => sameCommand(process, program, picture, "any") || isShellCommand(process, program))) return true;
  if (isOwnCommand(process, app, picture) || isWrapped(process, app, picture)) return true;
  return hasOwnTitle(process, app, picture);
}

/**
 * `pm2 start "node worker.js"` is a row `bash -c "node worker.js"`, but bash becomes the command: the exact words of a
 * living row's own process are the app's command, too.
 */
function isOwnCommand(process: KnownProcess, app: App, picture: Picture): boolean {
  return picture.ownCommands.get(process.commandHash)?.has(app) === true;
}

/** The same where no row lives to compare with. */
function isShellCommand({ argv }: KnownProcess, { script, args }: Program): boolean {
  return family(script) === "sh" && args?.[0] === "-c" && args.length === 2 && argv.length > 0 && argv.join(" ") === args[1];
}

/** What a shell or npm runs for a row is left behind when the wrapper dies, and PM2 starts the next wrapper beside it. */
function isWrapped(process: KnownProcess, app: App, picture: Picture): boolean {
  if (isLeftByWrapper(process, picture)) return true;
  const rowPids = new Set(app.rows.map(({ pid }) => pid));
  for (const { parentPid, commandHash } of picture.processes.all()) {
    if (commandHash !== process.commandHash || !rowPids.has(parentPid)) continue;
    const wrapper = picture.processes.get(parentPid);
    if (wrapper !== undefined && isWrapper(wrapper)) return true;
  }
  return false;
}

/** As it was first seen, a wrapper was above it and PM2 above that. What is no script is a helper: a browser, an agent. */
function isLeftByWrapper({ pid, line: [wrapper, above] }: KnownProcess, picture: Picture): boolean {
  if (wrapper === undefined || above === undefined || !isWrapper(wrapper) || !isDaemon(above)) return false;
  return runsScripts(family(picture.place(pid).exe ?? ""));
}

function isWrapper({ argv }: Pick<KnownProcess, "argv">): boolean {
  return family(argv[0] ?? "") === "sh" || /^(npm|npx|yarn|pnpm)\b/.test(titleOf(argv) ?? "");
}

/** A worker that has given itself a title shows nothing else; PM2 starts workers as leaders of sessions, helpers rarely are. */
function hasOwnTitle(process: KnownProcess, app: App, picture: Picture): boolean {
  if (titleOf(process.argv) === null || process.session !== process.pid) return false;
  const runtime = family(picture.place(process.pid).exe ?? "");
  return runsScripts(runtime) && app.programs.some(({ interpreter }) => family(interpreter) === runtime);
}

/** Whether it runs the program with the same arguments, whoever started it. */
export function runsByCommand(process: KnownProcess, app: App, picture: Picture): boolean {
  const title = titleOf(process.argv);
  if (title !== null) return isTitledCopy(process, title, app);
  if (app.programs.some((program) => sameCommand(process, program, picture))) return true;
  // Words may be relative to the working directory: elsewhere they mean something else.
  const own = picture.ownCommands.get(process.commandHash)?.get(app) ?? [];
  const cwd = own.length === 0 ? null : picture.place(process.pid).cwd;
  return cwd !== null && own.some((pid) => picture.place(pid).cwd === cwd);
}

/**
 * A Node worker of another PM2 shows no arguments; its environment has to name the same app. Where that is not to be
 * read, the process belongs to somebody else, and is only reported.
 */
function isTitledCopy({ marks }: KnownProcess, title: string, app: App): boolean {
  if (!titleNames(title, app.script)) return false;
  if (marks === null) return title.endsWith(` ${app.script}`);
  return marks["name"] === app.name && (marks["namespace"] ?? app.namespace) === app.namespace && marks["pm_exec_path"] === app.script;
}
