import { existsSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../core/outcome.ts";
import { failure, success } from "../core/outcome.ts";
import { unitText, whyNotInUnit, type UnitFacts } from "../daemon/systemd/unit-text.ts";
import { pm2HomeOf } from "../world/pm2/socket-path.ts";
import { accountOf } from "../world/accounts/accounts.ts";
import { UNIT_FILE } from "./homes.ts";
import { EXIT } from "./io.ts";
import { restoreLines } from "./left-stopped-lines.ts";
import { loadConfigFile } from "./load-file.ts";
import { runProgram, type ProgramEnd } from "./run-program.ts";
import { plain, type Terminal } from "./terminal.ts";

/** The machine as the service commands see it; a test hands in its own. */
export interface ServiceHost {
  readonly unitFile: string;
  readonly isRoot: boolean;
  readonly run: (program: string, args: readonly string[]) => Promise<ProgramEnd>;
}

const SYSTEMCTL_TIMEOUT_MS = 150_000; // longer than the unit's own limits for starting and stopping

function thisHost(): ServiceHost {
  const run = (program: string, args: readonly string[]): Promise<ProgramEnd> => runProgram(program, args, SYSTEMCTL_TIMEOUT_MS);
  return { unitFile: UNIT_FILE, isRoot: process.getuid?.() === 0, run };
}

/** `healer service install`: the unit, with everything it depends on resolved now; `--print` shows it and changes nothing. */
export async function runServiceInstall(
  command: { readonly config?: string; readonly print?: boolean },
  terminal: Terminal,
  host: ServiceHost = thisHost(),
): Promise<number> {
  const facts = await unitFacts(command, terminal);
  if (!facts.ok) return wrong(terminal, facts.error);
  const text = unitText(facts.value);
  if (command.print === true) {
    terminal.out(text.trimEnd());
    return EXIT.fine;
  }
  if (!host.isRoot) return wrong(terminal, "installing a system service needs root: sudo healer service install (or see: --print)");
  try {
    writeFileSync(host.unitFile, text, { mode: 0o644 });
  } catch (error) {
    return failed(terminal, `cannot write ${host.unitFile}: ${error instanceof Error ? error.message : String(error)}`);
  }
  terminal.out(`wrote ${host.unitFile}: runs as ${facts.value.user}, PM2 at ${facts.value.pm2Home}, configuration ${facts.value.config}`);
  for (const args of [["daemon-reload"], ["enable", "--now", "healer.service"]]) {
    const end = await host.run("systemctl", args);
    if (end.code !== 0) return failed(terminal, `systemctl ${args.join(" ")}: ${end.text}. Look with: journalctl -u healer`);
  }
  terminal.out("enabled and started. Look with: healer status, journalctl -u healer");
  return EXIT.fine;
}

/** `healer service uninstall`: first says what only healer would have started again. */
export async function runServiceUninstall(
  command: { readonly print?: boolean },
  terminal: Terminal,
  host: ServiceHost = thisHost(),
): Promise<number> {
  for (const line of await restoreLines(terminal)) terminal.out(line);
  if (!existsSync(host.unitFile)) return wrong(terminal, `no service is installed: there is no ${host.unitFile}`);
  if (command.print === true) {
    terminal.out(`would run systemctl disable --now healer.service, and remove ${host.unitFile}`);
    return EXIT.fine;
  }
  if (!host.isRoot) return wrong(terminal, "removing a system service needs root: sudo healer service uninstall");
  const disabled = await host.run("systemctl", ["disable", "--now", "healer.service"]);
  if (disabled.code !== 0) return failed(terminal, `systemctl disable --now healer.service: ${disabled.text}`);
  rmSync(host.unitFile, { force: true });
  await host.run("systemctl", ["daemon-reload"]);
  terminal.out(`stopped, disabled, and removed ${host.unitFile}; HEALER_HOME with the heal log stays`);
  return EXIT.fine;
}

/** `healer service status`: 0 when it is active, 3 when it is not. */
export async function runServiceStatus(
  command: { readonly json?: boolean },
  terminal: Terminal,
  host: ServiceHost = thisHost(),
): Promise<number> {
  const installed = existsSync(host.unitFile);
  const shown = installed ? await host.run("systemctl", ["is-active", "healer.service"]) : { code: 3, text: "not installed" };
  const active = shown.code === 0;
  const state = shown.text === "" ? "unknown" : shown.text;
  if (command.json === true) terminal.out(JSON.stringify({ installed, active, state, unit: host.unitFile }));
  else terminal.out(plain(installed ? `healer.service (${host.unitFile}): ${state}` : `healer.service: not installed (${host.unitFile})`));
  return active ? EXIT.fine : EXIT.unreachable;
}

/** Behind sudo the account that matters is the one that called it: root rarely has a PM2 of its own. */
async function unitFacts(command: { readonly config?: string }, terminal: Terminal): Promise<Outcome<UnitFacts, string>> {
  const loaded = await loadConfigFile(command, terminal);
  if (!loaded.ok) return failure(loaded.error.message);
  const sudo = terminal.env["SUDO_USER"] === undefined ? null : accountOf({ name: terminal.env["SUDO_USER"] });
  const env = sudo === null ? terminal.env : { ...terminal.env, HOME: sudo.home };
  const pm2Home = pm2HomeOf(env, loaded.value.compiled.pm2Home);
  const owner = ownerOfHome(pm2Home);
  if (!owner.ok) return owner;
  const named = terminal.env["HEALER_HOME"];
  const facts = {
    user: owner.value.name,
    node: process.execPath,
    main: terminal.mainFile,
    config: realpathSync(loaded.value.path),
    pm2Home,
    healerHome: named === undefined || named === "" ? join(owner.value.home, ".healer") : named,
  };
  const odd = whyNotInUnit(facts);
  return odd === null ? success(facts) : failure(odd);
}

function ownerOfHome(pm2Home: string): Outcome<{ readonly name: string; readonly home: string }, string> {
  try {
    const { uid } = statSync(pm2Home);
    const account = accountOf({ uid });
    return account === null ? failure(`${pm2Home} belongs to uid ${uid}, which has no account in /etc/passwd`) : success(account);
  } catch {
    return failure(`there is no PM2 home at ${pm2Home}; start PM2 first, or name it with PM2_HOME or pm2_home in the configuration`);
  }
}

function wrong(terminal: Terminal, text: string): number {
  terminal.err(text);
  return EXIT.usage;
}

function failed(terminal: Terminal, text: string): number {
  terminal.err(text);
  return EXIT.failed;
}
