import { failure, success, type Outcome } from "../core/outcome.ts";
import { parseDurationMs } from "../core/quantities.ts";
import { inWords } from "../core/words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { lockName } from "../daemon/single-instance.ts";
import { printableJson } from "../record/printable.ts";
import { systemFiles } from "../world/files/system-files.ts";
import type { KernelLock } from "../world/lock/kernel-lock.ts";
import { waitForKernelLock } from "../world/lock/wait-for-lock.ts";
import { connectPm2 } from "../world/pm2/connect-pm2.ts";
import { pm2HomeOf } from "../world/pm2/socket-path.ts";
import type { Refusal } from "./daemon-answers.ts";
import { ensureApp, type Ensured } from "./ensure-app.ts";
import { EXIT } from "./io.ts";
import { whyKeptDown } from "./kept-down.ts";
import { whyRunsOutside } from "./runs-outside.ts";
import { plain, type Terminal } from "./terminal.ts";
import { addUnlisted } from "./unlisted-app.ts";

export interface EnsureCommand {
  readonly app: string;
  readonly config?: string;
  /** Ecosystem file. */
  readonly file?: string;
  /** How long to wait for other callers. */
  readonly wait: string;
  /** Start also what healer keeps stopped. */
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Why the app counts as running although PM2 does not run it; null = it does not. */
export type RunsOutside = (pm2Home: string, app: string) => Promise<string | null>;

interface Place {
  readonly pm2Home: string;
  readonly runsOutside: RunsOutside;
}

/**
 * `healer ensure APP`: starts the app through PM2 if nothing of it runs, else nothing. Callers of one PM2_HOME take turns;
 * the turn of one that is killed ends with it. Never starts a PM2 daemon.
 */
export async function runEnsure(command: EnsureCommand, terminal: Terminal, runsOutside: RunsOutside = whyRunsOutside): Promise<number> {
  const ensured = await ensure(command, terminal, runsOutside);
  const code = ensured.ok ? EXIT.fine : ensured.error.code;
  if (!ensured.ok) terminal.err(ensured.error.text.split("\n").map(plain).join("\n"));
  const { started, running } = ensured.ok ? ensured.value : { started: [], running: [] };
  if (command.json === true) terminal.out(printableJson({ app: command.app, started, running, code }));
  else if (ensured.ok) terminal.out(plain(ensured.value.text));
  return code;
}

async function ensure(command: EnsureCommand, terminal: Terminal, runsOutside: RunsOutside): Promise<Outcome<Ensured, Refusal>> {
  const waitMs = parseDurationMs(command.wait);
  if (!waitMs.ok) return failure({ code: EXIT.usage, text: `--wait ${command.wait}: expected ${waitMs.error}` });
  const pm2Home = await homeOf(command, terminal);
  if (!pm2Home.ok) return pm2Home;
  const turn = await takeTurn(command.app, pm2Home.value, waitMs.value);
  if (!turn.ok) return turn;
  try {
    return await ensureThrough(command, terminal, { pm2Home: pm2Home.value, runsOutside });
  } finally {
    await turn.value.release();
  }
}

async function ensureThrough(command: EnsureCommand, terminal: Terminal, place: Place): Promise<Outcome<Ensured, Refusal>> {
  const { app, file } = command;
  const { pm2Home } = place;
  const pm2 = connectPm2({ pm2Home, envNames: [] });
  const unlisted = { app, pm2, pm2Home, cwd: terminal.cwd, env: terminal.env, file: file ?? null };
  try {
    return await ensureApp({
      app,
      pm2,
      whyNot: (rows) => whyNot(rows, command, terminal, place),
      addToPm2: () => addUnlisted(unlisted),
    });
  } finally {
    pm2.close();
  }
}

/** `--force` is about what healer decided; that it runs already, outside PM2, is a fact. */
async function whyNot(
  rows: readonly WorkerRow[],
  { app, force = false }: EnsureCommand,
  terminal: Terminal,
  { pm2Home, runsOutside }: Place,
): Promise<string | null> {
  const kept = force ? null : await whyKeptDown(rows, pm2Home, terminal);
  if (kept === null) return runsOutside(pm2Home, app);
  return `${kept} (to start it all the same: --force)`;
}

/** The configuration is read only where it is named: a script that starts a worker does not depend on one. */
async function homeOf({ config }: EnsureCommand, terminal: Terminal): Promise<Outcome<string, Refusal>> {
  if (config === undefined) return success(pm2HomeOf(terminal.env, null));
  const { loadConfigFile } = await import("./load-file.ts");
  const loaded = await loadConfigFile({ config }, terminal);
  if (!loaded.ok) return failure({ code: EXIT.usage, text: loaded.error.message });
  return success(pm2HomeOf(terminal.env, loaded.value.compiled.pm2Home));
}

async function takeTurn(app: string, pm2Home: string, waitMs: number): Promise<Outcome<KernelLock, Refusal>> {
  const name = lockName("ensure", systemFiles().realPath(pm2Home));
  const answer = `healer ensure ${plain(app)}, pid ${process.pid}`;
  const turn = await waitForKernelLock({ name, answer, deadlineMs: waitMs });
  if (turn.ok) return turn;
  if (turn.error.kind === "failed") return failure({ code: EXIT.failed, text: turn.error.message });
  const other = turn.error.answer ?? "another caller, which does not say who it is";
  return failure({ code: EXIT.refused, text: `waited ${inWords(waitMs)} for ${other}; nothing was started` });
}
