import type { Command } from "../core/event.ts";
import type { Random } from "./random.ts";
import type { Pm2Trouble } from "./sim-pm2-words.ts";
import type { AppSpec, Fault, FaultBody, Sickness } from "./world-spec.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Draw = (random: Random, apps: readonly AppSpec[], edits: readonly string[]) => FaultBody;

/** Every kind of fault, and how often a day it happens in a world that has it at all. */
const KINDS: readonly { readonly perDay: number; readonly draw: Draw }[] = [
  { perDay: 6, draw: (random, apps) => ({ kind: "wedge", ...whom(random, apps), what: sickness(random) }) },
  { perDay: 2, draw: (random, apps) => ({ kind: "wedge-all", app: anApp(random, apps).name, what: sickness(random) }) },
  { perDay: 3, draw: curse },
  {
    perDay: 3,
    draw: (random, apps) => ({ kind: "outage", app: anApp(random, apps).name, rate: random.pick([0, 0.1, 0.4]), lastsMs: aWhile(random) }),
  },
  { perDay: 10, draw: (random, apps) => ({ kind: "crash", ...whom(random, apps), times: random.pick([1, 1, 3, 20]) }) },
  {
    perDay: 8,
    draw: (random, apps) => ({
      kind: "operator",
      verb: random.pick(["restart", "restart", "stop", "start", "start", "delete", "add", "add"]),
      ...whom(random, apps),
    }),
  },
  { perDay: 6, draw: copy },
  { perDay: 6, draw: () => ({ kind: "copy-ends" }) },
  {
    perDay: 3,
    draw: (random, apps) => ({
      kind: "pm2-dies",
      backMs: random.int(1_000, 10 * MINUTE_MS),
      forgets: random.chance(0.2) ? [anApp(random, apps).name] : [],
    }),
  },
  { perDay: 4, draw: (random) => ({ kind: "pm2-mute", lastsMs: random.int(1_000, 20 * MINUTE_MS) }) },
  { perDay: 6, draw: pm2Trouble },
  { perDay: 4, draw: (random, apps) => ({ kind: "queue-blind", app: anApp(random, apps).name, lastsMs: aWhile(random) }) },
  {
    perDay: 4,
    draw: (random) => ({ kind: "disk", trouble: random.pick(["full", "failed", "syncs", "reads"]), lastsMs: aWhile(random) }),
  },
  { perDay: 8, draw: healerDies },
  { perDay: 1, draw: (random) => ({ kind: "reboot", offMs: random.int(10_000, HOUR_MS) }) },
  { perDay: 2, draw: (random) => ({ kind: "suspend", forMs: random.int(3_000, 10 * HOUR_MS) }) },
  { perDay: 4, draw: (random) => ({ kind: "wall-clock", byMs: random.pick([-1, 1]) * random.int(500, 5 * HOUR_MS) }) },
  { perDay: 3, draw: (random) => ({ kind: "stall", forMs: random.int(10_000, 20 * MINUTE_MS) }) },
  { perDay: 16, draw: (random, apps) => ({ kind: "person", command: command(random, apps) }) },
  { perDay: 3, draw: (random, _apps, edits) => ({ kind: "edit", config: edits[random.int(0, edits.length - 1)] ?? "" }) },
];

/** Draws how much happens in a world, which kinds it has, how many of each, and when. */
export function drawFaults(
  apps: readonly AppSpec[],
  edits: readonly string[],
  { random, hours }: { random: Random; hours: number },
): readonly Fault[] {
  const faults: Fault[] = [];
  const heat = random.pick([1, 4, 10]);
  KINDS.forEach(({ perDay, draw }, index) => {
    const own = random.split(`kind ${index}`);
    if (!own.chance(0.4)) return;
    const count = own.poisson((heat * perDay * hours) / 24);
    for (let number = 0; number < count; number++) faults.push({ atMs: own.int(0, hours * HOUR_MS), ...draw(own, apps, edits) });
  });
  return faults.sort((one, other) => one.atMs - other.atMs);
}

function anApp(random: Random, apps: readonly AppSpec[]): AppSpec {
  const app = apps[random.int(0, apps.length - 1)];
  if (app === undefined) throw new Error("a world without an app");
  return app;
}

function whom(random: Random, apps: readonly AppSpec[]): { readonly app: string; readonly instance: string } {
  const app = anApp(random, apps);
  return { app: app.name, instance: String(random.int(0, app.instances - 1)) };
}

function aWhile(random: Random): number {
  return random.pick([random.int(1_000, 5 * MINUTE_MS), random.int(5 * MINUTE_MS, HOUR_MS), random.int(HOUR_MS, 6 * HOUR_MS)]);
}

function sickness(random: Random): Sickness {
  return random.pick<Sickness>([0, 0.2, 0.5, "frozen", "frozen", "leak"]);
}

function curse(random: Random, apps: readonly AppSpec[]): FaultBody {
  const what = random.chance(0.5) ? { crashAfterMs: random.pick([200, 2_000, 20_000, 300_000]) } : sickness(random);
  return { kind: "curse", ...whom(random, apps), what, lastsMs: aWhile(random) };
}

function copy(random: Random, apps: readonly AppSpec[]): FaultBody {
  const { app, instance } = whom(random, apps);
  const owner = random.pick<"orphan" | "outside" | "other_daemon">(["orphan", "orphan", "outside", "other_daemon"]);
  return { kind: "copy", app, owner, instance: random.chance(0.5) ? instance : null };
}

function pm2Trouble(random: Random): FaultBody {
  const mode = random.pick<Pm2Trouble["mode"]>(["ok", "refuses", "does-it-without-a-reply", "never-answers", "process-dies-at-once"]);
  return { kind: "pm2-trouble", trouble: { mode, latencyMs: random.pick([50, 500, 5_000, 30_000]) }, lastsMs: aWhile(random) };
}

function healerDies(random: Random): FaultBody {
  const deaths = random.pick([1, 1, 2, 4]);
  const afterEffects = Array.from({ length: deaths }, () => random.pick([0, 1, 2, 3, random.int(4, 40)]));
  return { kind: "healer-dies", afterEffects, backMs: random.pick([10, 1_000, 5_000, 60_000, 20 * MINUTE_MS]) };
}

function command(random: Random, apps: readonly AppSpec[]): Command {
  const { app, instance } = whom(random, apps);
  const target = random.chance(0.7) ? `${app}:${instance}` : app;
  const forMs = random.pick([MINUTE_MS, HOUR_MS, null]);
  const heal: Command = {
    name: "heal",
    target,
    action: null,
    force: random.pick<string[]>([[], ["grace"], ["grace", "in-flight", "budget"]]),
  };
  return random.pick<Command>([
    heal,
    heal,
    heal,
    { name: "pause", target, forMs, reason: "a simulated person says so" },
    { name: "pause", target: null, forMs, reason: "a simulated person says so" },
    { name: "resume", target },
    { name: "resume", target: null },
    { name: "reset", target },
    { name: "trim", target: app, keep: 1, outside: null, dryRun: false, force: [] },
  ]);
}
