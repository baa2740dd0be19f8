import { whoWatches } from "../daemon/single-instance.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { pm2HomeOf } from "../world/pm2/socket-path.ts";
import { controlClient, type ControlClient } from "./control-client.ts";
import { askStatus, giveUp, order, targetPath } from "./daemon-answers.ts";
import { followHeal } from "./heal.ts";
import { EXIT } from "./io.ts";
import { plain, type Terminal } from "./terminal.ts";
import { trimAlone } from "./trim-alone.ts";
import { isKnownByDump, tellNobody, tellTrim, type TrimCommand } from "./trim-list.ts";
import { trimSettings } from "./trim-settings.ts";

const ROUNDS_MAX = 10; // each ends somebody, or finds that nobody is too many any more

/**
 * `healer trim APP --keep N`: through the daemon that watches this PM2, its guards, journal and log; without one the command
 * takes the daemon's lock and does it itself. Prints who stays and who goes, the same for a dry run. 0 done, or nobody is
 * too many; 4 a guard refused; 5 somebody would not end.
 */
export async function runTrim(command: TrimCommand, terminal: Terminal): Promise<number> {
  const settings = await trimSettings(command, terminal);
  if (!settings.ok) return giveUp(terminal, { code: EXIT.usage, text: settings.error });
  const home = pm2HomeOf(terminal.env, settings.value.pm2Home);
  if (settings.value.pm2Home === null) {
    const client = controlClient(terminal);
    const asked = await askStatus(client);
    if (asked.ok) return trimThroughDaemon(command, terminal, { client, pm2Home: asked.value.pm2.home });
  }
  const alone = await trimAlone(command, { ...settings.value, pm2Home: home }, terminal);
  if (typeof alone === "number") return alone;
  const watcher = await whoWatches(systemFiles(), home);
  if (watcher === null) return giveUp(terminal, { code: EXIT.unreachable, text: alone.conflict });
  const client = controlClient({ ...terminal, env: { ...terminal.env, HEALER_HOME: watcher.home } });
  return trimThroughDaemon(command, terminal, { client, pm2Home: home });
}

/** Asked again until nobody is too many: another's trim may have been under way, and ended only who was meant by that. */
async function trimThroughDaemon(
  command: TrimCommand,
  terminal: Terminal,
  { client, pm2Home }: { client: ControlClient; pm2Home: string },
): Promise<number> {
  const { keep, outside = null, dryRun = false, force = [] } = command;
  const body = { by: terminal.user, keep, outside, dry_run: dryRun, force };
  for (let round = 1; ; round++) {
    const ordered = await order(client, targetPath(command.app, "trim"), body);
    if (!ordered.ok) return giveUp(terminal, ordered.error);
    const { code, text, healId } = ordered.value;
    if (code === EXIT.usage && (await isKnownByDump(pm2Home, command.app))) return tellNobody(command, terminal);
    if (code !== 0) return giveUp(terminal, { code, text: plain(text) });
    if (round === 1 || healId !== null) tellTrim(command, terminal, text, healId);
    if (healId === null) return EXIT.fine;
    const sinceWallMs = Date.now() - 60_000;
    const ended = await followHeal(client, { target: command.app, healId, sinceWallMs }, ({ event, reason }) => {
      if (command.json !== true) terminal.out(plain(`${event}: ${reason}`));
    });
    if (!ended.ok) return giveUp(terminal, ended.error);
    if (ended.value !== EXIT.refused) return ended.value;
    if (round === ROUNDS_MAX)
      return giveUp(terminal, { code: EXIT.refused, text: `not done: aborted ${ROUNDS_MAX} times; see healer log` });
  }
}
