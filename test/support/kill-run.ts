import { setTimeout as sleep } from "node:timers/promises";
import { AIMS, takeAim, type Aim } from "./kill-aims.ts";
import type { Testimony } from "./kill-checks.ts";
import { KNOBS, type KillWorld } from "./kill-world.ts";
import { linuxProcesses } from "../../src/world/processes/linux-processes.ts";
import { until } from "./until.ts";

/** One `kill -9`, and what the journal and PM2 showed right after it. */
export interface Blow {
  readonly aim: string;
  readonly hit: boolean;
  readonly wallMs: number;
  /** Of every worker that was in the middle of something: how far it had got. */
  readonly caught: readonly string[];
}

const DOWN_MAX_MS = 1500;
const LONG_DOWN = { chance: 0.1, maxMs: 8000 }; // long enough for PM2 to give a crash loop up

/** Strikes `count` times, aim after aim, and starts healer again each time. */
export async function strike(
  world: KillWorld,
  options: { count: number; random: () => number; aims?: readonly Aim[]; first?: number },
): Promise<readonly Blow[]> {
  const { count, random, aims = AIMS, first = 0 } = options;
  const blows: Blow[] = [];
  for (let turn = first; blows.length < count; turn++) {
    const aim = aims[turn % aims.length] ?? AIMS[0]!;
    const hit = await takeAim(world, aim, random);
    blows.push(await kill(world, { aim: aim.name, hit }));
    if (aim.againWithinMs !== undefined && blows.length < count) {
      const starting = world.healer.start().catch(() => undefined); // it may die before its first line
      await sleep(Math.floor(random() * aim.againWithinMs));
      blows.push(await kill(world, { aim: `${aim.name}, again`, hit }));
      await starting;
    }
    await sleep(Math.floor(random() * (random() < LONG_DOWN.chance ? LONG_DOWN.maxMs : DOWN_MAX_MS)));
    await world.healer.start();
  }
  return blows;
}

async function kill(world: KillWorld, blow: Pick<Blow, "aim" | "hit">): Promise<Blow> {
  await world.healer.kill();
  const wallMs = Date.now();
  const rows = await world.rows();
  world.journal.look();
  const caught = rows.flatMap((row) => {
    const last = world.journal.entries.findLast(({ target }) => target === `${row.name}:0`);
    if (last === undefined) return [];
    const { phase } = last.control;
    if (phase.name !== "intent" && phase.name !== "acting") return phase.name === "healthy" ? [] : [phase.name];
    const pre = phase.heal.pre;
    if (row.pid === null) return [`${phase.heal.action}: row down`];
    if (phase.name === "intent" && phase.step === "stop") return [`${phase.heal.action}: not stopped yet`]; // its pid changes by itself
    if (row.pid !== pre?.pid || row.startedWallMs !== pre.startedWallMs) return [`${phase.heal.action}: done, not recorded`];
    const sent = row.status === "stopping" || row.createdWallMs !== pre.createdWallMs;
    return [`${phase.heal.action}: ${sent ? "PM2 at work" : "intent only"}`];
  });
  return { ...blow, wallMs, caught };
}

/** No more sickness and no more blows: waits until every heal has its verdict and every worker lives. */
export async function comeToRest(world: KillWorld, options: { unfinished: readonly string[]; deadlineMs: number }): Promise<void> {
  await world.calm();
  const restless = async (): Promise<readonly string[]> => {
    world.journal.look();
    const rows = (await world.rows()).filter(({ name }) => !options.unfinished.includes(`${name}:0`));
    return rows.flatMap(({ name, pid, status }) => {
      const phase = world.journal.entries.findLast(({ target }) => target === `${name}:0`)?.control.phase.name ?? "healthy";
      const lives = status === "online" && pid !== null && readPulse(pid) === "S";
      return lives && ["healthy", "backoff", "settling"].includes(phase) ? [] : [`${name}: ${phase}, PM2 says ${status}`];
    });
  };
  let left: readonly string[] = [];
  await until(async () => (left = await restless()).length === 0, "peace", options.deadlineMs).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : ""}: ${left.join("; ")}`);
  });
}

function readPulse(pid: number): string | null {
  return linuxProcesses().pulse(pid)?.state ?? null;
}

export function testify(world: KillWorld, unfinished: readonly string[] = []): Promise<Testimony> {
  world.journal.look();
  return world.rows().then((rows) => ({
    entries: world.journal.entries,
    events: world.bus.events,
    lines: world.healer.lines(),
    targets: new Map(rows.map(({ pmId, name }) => [pmId, `${name}:0`])),
    knobs: KNOBS,
    unfinished,
  }));
}
