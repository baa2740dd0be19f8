import { drawConfig } from "./draw-config.ts";
import { drawFaults } from "./draw-faults.ts";
import { randomFrom, type Random } from "./random.ts";
import type { AppSpec, WorldSpec } from "./world-spec.ts";

/**
 * Swarm testing (Groce et al., ISSTA 2012): every seed draws its own fleet, configuration and mix of faults, most kinds of
 * fault left out of most worlds. One world in which everything happens all the time would never get to the quiet states.
 */
export function drawWorld(seed: number, turns = 3_000): WorldSpec {
  const random = randomFrom(seed);
  const apps = drawApps(random.split("apps"));
  const watched = apps.filter(({ name }) => name.startsWith("app-"));
  const configs = random.split("config");
  const config = drawConfig(watched, configs);
  const edits = Array.from({ length: 2 }, () => drawConfig(watched, configs));
  const turnMs = random.split("turn").pick(TURNS_MS);
  const hours = (turns * turnMs) / 3_600_000;
  return {
    seed,
    hours,
    turnMs,
    snapshotMs: random.split("snapshots").pick(SNAPSHOTS_MS),
    apps,
    config: config.replace("interval: 2s", `interval: ${turnMs / 1000}s`),
    faults: drawFaults(watched, edits, { random: random.split("faults"), hours }),
  };
}

/** All worlds have as many turns; where each is long they cover more time, in which a process can be slow and an outage last. */
const TURNS_MS: readonly [number, ...number[]] = [2_000, 5_000, 10_000, 20_000, ...Array.from({ length: 36 }, () => 60_000)];

const SNAPSHOTS_MS: readonly [number, ...number[]] = [
  300_000,
  ...Array.from({ length: 3 }, () => 1_800_000),
  ...Array.from({ length: 8 }, () => 7_200_000),
];

function drawApps(random: Random): readonly AppSpec[] {
  const count = random.pick([1, 1, 2, 2, 3]);
  const apps = Array.from({ length: count }, (_, index) => drawApp(`app-${index}`, random));
  const bystander = { ...drawApp("stranger", random), instances: 1 };
  const module = { ...drawApp("pm2-module", random), instances: 1, isModule: true };
  const healer = { ...drawApp("healer", random), instances: 1, isHealer: true };
  return [...apps, bystander, module, ...(random.chance(0.5) ? [healer] : [])];
}

function drawApp(name: string, random: Random): AppSpec {
  return {
    name,
    instances: random.pick([1, 1, 1, 2, 2, 2, 3, 4, 8]),
    rate: random.pick([0.85, 0.95, 0.98, 0.995]),
    perMinute: random.pick([0.2, 1, 5, 10, 60]),
    figures: random.pick(["worker", "worker", "worker", "group", null]),
    endMs: random.pick([50, 50, 300, 1_600, 8_000]),
    launchMs: random.pick([0, 0, 1_000, 12_000]),
    restartDelayMs: random.pick([0, 0, 4_000, 45_000]),
    autorestart: random.chance(0.95),
    diesWithPm2: random.chance(0.5),
    isModule: false,
    isHealer: false,
  };
}
