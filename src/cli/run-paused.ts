import { spawn } from "node:child_process";
import { constants } from "node:os";
import { controlClient } from "./control-client.ts";
import { askStatus, askTarget, giveUp } from "./daemon-answers.ts";
import { orderEach } from "./orders.ts";
import type { PauseCommand } from "./pause.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The pause outlives this process by so much at the most, should it be killed; it is renewed while the command runs.
 */
const PAUSE_MS = 3_600_000;
const RENEW_MS = 1_200_000;
const NOT_FOUND = 127; // as a shell says it
const NOT_STARTED = 126;

/** Pauses, runs the command with this terminal, resumes whatever came of it, and answers its exit code. */
export async function runPaused(command: PauseCommand, terminal: Terminal): Promise<number> {
  const quiet: Terminal = { ...terminal, out: () => undefined };
  const client = controlClient(terminal);
  const before = await pausedBefore(command, terminal);
  if (typeof before === "number") return before;
  const body = { for_ms: PAUSE_MS, reason: command.reason ?? `while running: ${command.command.join(" ")}`.slice(0, 500) };
  const fresh = { ...command, targets: command.targets.filter((target) => !before.includes(target)) };
  const nothing = command.all === true ? before.length > 0 : fresh.targets.length === 0 && command.targets.length > 0;
  if (nothing) return runCommand(command.command, terminal); // somebody paused it for longer than this; their pause stays
  const code = await orderEach("pause", fresh, body, quiet, client);
  if (code !== 0) {
    if (fresh.targets.length > 1) await orderEach("resume", fresh, {}, { ...quiet, err: () => undefined }, client);
    return code;
  }
  const renewing = setInterval(() => void orderEach("pause", fresh, body, quiet, client), RENEW_MS);
  try {
    return await runCommand(command.command, terminal);
  } finally {
    clearInterval(renewing);
    const resumed = await orderEach("resume", fresh, {}, quiet, client);
    if (resumed !== 0) terminal.err("healer pause: resuming failed; the pause ends by itself within an hour");
  }
}

/** Targets that are paused already, `all` as an empty name; a number is the exit code of a daemon that is not there. */
async function pausedBefore(command: PauseCommand, terminal: Terminal): Promise<readonly string[] | number> {
  const client = controlClient(terminal);
  if (command.all === true) {
    const asked = await askStatus(client);
    if (!asked.ok) return giveUp(terminal, asked.error);
    return asked.value.paused === null ? [] : [""];
  }
  const paused: string[] = [];
  for (const target of command.targets) {
    const asked = await askTarget(client, target);
    if (!asked.ok) return giveUp(terminal, asked.error);
    if (asked.value.status !== null && asked.value.status.paused !== null) paused.push(target);
  }
  return paused;
}

/** Signals go to the command as well (a terminal sends them to both); this process stays to resume. */
function runCommand([name = "", ...args]: readonly string[], terminal: Terminal): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(name, args, { stdio: "inherit", cwd: terminal.cwd });
    let over = false;
    void terminal.untilSignal().then((signal) => over || child.kill(signal as NodeJS.Signals));
    child.on("error", (error) => {
      terminal.err(`healer pause: cannot run ${name}: ${error.message}`);
      over = true;
      resolve("code" in error && error.code === "ENOENT" ? NOT_FOUND : NOT_STARTED);
    });
    child.on("exit", (code, signal) => {
      over = true;
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
