import { hostname } from "node:os";
import { trim } from "../actions/trim.ts";
import type { Pm2View } from "../core/observation.ts";
import { groupIdOf } from "../core/select.ts";
import { memberKey } from "../core/member-key.ts";
import { planTrim, type GroupFacts, type Member, type TrimLimits } from "../core/trim-plan.ts";
import { restoreCommand, sayMember, sayPlan } from "../core/trim-words.ts";
import { claimInstance } from "../daemon/single-instance.ts";
import { openHealLog } from "../record/heal-log.ts";
import { prepareStateHome, stateHome } from "../record/state-home.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { look, openWorld, type World } from "./app-look.ts";
import { giveUp } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { plain, type Terminal } from "./terminal.ts";
import { isKnownByDump, tellNobody, tellTrim, type TrimCommand } from "./trim-list.ts";
import type { TrimSettings } from "./trim-settings.ts";

const LOCK_WAIT_MS = 60_000; // another trim is over before that

/**
 * Without a daemon: under the daemon's own lock, so that none begins meanwhile and two trims take turns. The same plan, the
 * same order, and before each end PM2 is listed and the processes are looked at again. `conflict`: a daemon holds the lock.
 */
export async function trimAlone(
  command: TrimCommand,
  settings: TrimSettings & { readonly pm2Home: string },
  terminal: Terminal,
): Promise<number | { readonly conflict: string }> {
  const files = systemFiles();
  const home = stateHome(terminal.env);
  const prepared = prepareStateHome(files, home);
  if (!prepared.ok) return giveUp(terminal, { code: EXIT.usage, text: prepared.error.message });
  const claim = { files, pm2Home: settings.pm2Home, healerHome: home.home, pid: process.pid, user: terminal.user };
  const instance = await claimInstance({ ...claim, command: "trim", waitMs: LOCK_WAIT_MS });
  if (!instance.ok) return { conflict: instance.error.message };
  const world = openWorld(settings.pm2Home, files.realPath);
  try {
    return await trimUnderLock(
      command,
      { world, limits: { keep: command.keep, outside: settings.outside }, pm2Home: settings.pm2Home, dir: home.home },
      terminal,
    );
  } finally {
    world.pm2.close();
    await instance.value.release();
  }
}

interface Job {
  readonly world: World;
  readonly limits: TrimLimits;
  readonly pm2Home: string;
  /** HEALER_HOME. */
  readonly dir: string;
}

async function trimUnderLock(command: TrimCommand, job: Job, terminal: Terminal): Promise<number> {
  const looked = await look(job.world, command.app);
  if (!looked.ok) return giveUp(terminal, looked.error);
  const first = looked.value;
  if (first.workers.length === 0) {
    if (await isKnownByDump(job.pm2Home, command.app)) return tellNobody(command, terminal);
    return giveUp(terminal, { code: EXIT.usage, text: `PM2 lists no app ${plain(command.app)}: ${namesIn(job.world.view)}` });
  }
  const units = planTrim(first, job.limits, Date.now());
  if (units.length === 0) return tellNobody(command, terminal);
  tellTrim(command, terminal, sayPlan(units), null);
  if (command.dryRun === true) return EXIT.fine;
  const log = openHealLog({ files: systemFiles(), dir: job.dir, host: hostname(), stdout: null });
  try {
    return await endEach(command, { ...job, meant: units.flatMap(({ victims }) => victims.map(memberKey)), log }, terminal);
  } finally {
    log.close();
  }
}

/** One at a time; who is meant was too many at the beginning, and still is. */
async function endEach(
  command: TrimCommand,
  job: Job & { readonly meant: readonly string[]; readonly log: ReturnType<typeof openHealLog> },
  terminal: Terminal,
): Promise<number> {
  for (const key of job.meant) {
    const looked = await look(job.world, command.app);
    if (!looked.ok) return giveUp(terminal, { code: EXIT.failed, text: looked.error.text });
    const facts = looked.value;
    const victims = planTrim(facts, job.limits, Date.now()).flatMap((unit) => unit.victims);
    const victim = victims.find((member) => memberKey(member) === key);
    const row = victim === undefined ? undefined : rowFor(facts, victim);
    if (victim === undefined || row === undefined) continue;
    writeTrim(command, job.log, victim, terminal.user);
    const ends = victim.kind === "copy" ? [{ ...victim.copy, waitMs: row.killTimeoutMs }] : [];
    const { pm2, processes } = job.world;
    const result = await trim.run({ pm2, processes, row, step: "all", ends });
    if (!result.ok) return giveUp(terminal, { code: EXIT.failed, text: `${sayMember(victim)}: ${plain(result.error ?? "not ended")}` });
    if (command.json !== true) terminal.out(`ended: ${plain(sayMember(victim))}; to bring it back: ${plain(restoreCommand(victim))}`);
  }
  return EXIT.fine;
}

function rowFor({ workers }: GroupFacts, victim: Member): GroupFacts["workers"][number]["row"] | undefined {
  return victim.kind === "row" ? victim.worker.row : workers.find(({ row }) => row.script === victim.copy.script)?.row;
}

/** On record before it happens, as everything. */
function writeTrim(command: TrimCommand, log: ReturnType<typeof openHealLog>, victim: Member, by: string): void {
  const restore = restoreCommand(victim);
  const owner = victim.kind === "copy" ? victim.copy.owner : "pm2";
  const how = victim.kind === "copy" ? "ended" : "removed from PM2";
  log.write(
    {
      level: "warn",
      event: "trim",
      target: command.app,
      strategy: null,
      reason: `${sayMember(victim)} is ${how} by ${by}, at most ${command.keep} may run. To bring it back: ${restore}`,
      app: command.app,
      pid: victim.kind === "copy" ? victim.copy.pid : (victim.worker.row.pid ?? 0),
      ...(victim.kind === "row" ? { pm_id: victim.worker.row.pmId } : {}),
      more: { owner, restore, by },
    },
    Date.now(),
    "none",
  );
}

function namesIn(view: Pm2View | null): string {
  const names = [...new Set((view?.rows ?? []).filter(({ isModule }) => !isModule).map(groupIdOf))];
  return names.length === 0 ? "it lists none" : names.map(plain).join(", ");
}
