import { describe, expect, test } from "vitest";
import { explain } from "../../src/core/explain.ts";
import type { GpuFact, GpuHolder } from "../../src/core/gpu.ts";
import type { Observation } from "../../src/core/observation.ts";
import type { HostLimits, Strategy } from "../../src/core/strategy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { FINE, SICK, scriptedRule, stormRule, type Script } from "../support/scripted-rules.ts";

/** What the machine itself lacks: told, and, where a restart would mend nothing, waited for. */

const SECOND = 1000;
const MINUTE = 60_000;
const GB = 1024 ** 3;

interface Options {
  readonly host?: Partial<HostLimits>;
  readonly gpus?: Strategy["gpus"];
  /** The rule that fires is about the process, not about its work. */
  readonly aboutProcess?: boolean;
  readonly apps?: Readonly<Record<string, number>>;
}

function stage({ host = {}, gpus, aboutProcess = false, apps = { app: 1 } }: Options = {}) {
  const scripts = new Map<string, Script>();
  const limits = { memoryPercentMin: 5, diskPercentMin: 5, loadPerCoreMax: null, holds: true, ...host };
  const world = new CoreWorld({
    apps,
    rules: [scriptedRule(scripts, { aboutWork: !aboutProcess }), stormRule()],
    policy: { machine: { host: limits, gpu: { temperatureMaxC: 90 } } },
    strategy: gpus === undefined ? {} : { gpus },
  });
  const see = (observation: Observation, times = 1): void => {
    for (let count = 0; count < times; count++) {
      world.observations.push({ ...observation, atMs: world.nowMs });
      world.advance(10 * SECOND);
    }
  };
  const say = (script: Script, ...ids: readonly string[]): void => ids.forEach((id) => scripts.set(id, script));
  const guard = (name: string, id = "app:0") => explain(world.state, world.target(id)).guards.find((each) => each.guard === name);
  const healed = (): readonly string[] => world.executed.map(({ target }) => target);
  return { world, see, say, guard, healed };
}

const host = (part: Partial<Extract<Observation, { kind: "host" }>> = {}): Observation => ({
  ...{ kind: "host", atMs: 0, loadPerCore: 0.2 },
  memory: { freeBytes: 8 * GB, totalBytes: 16 * GB },
  disk: { freeBytes: 50 * GB, totalBytes: 100 * GB },
  ...part,
});
const FULL_DISK = host({ disk: { freeBytes: 1 * GB, totalBytes: 100 * GB } });

function gpu(part: Partial<GpuFact> = {}): GpuFact {
  return {
    ...{ index: 0, uuid: "GPU-a", name: "NVIDIA H200", utilizationPercent: 0, powerW: 80, throttles: [], holders: [] },
    ...{ memoryTotalBytes: 80 * GB, memoryUsedBytes: 0, memoryFreeBytes: 80 * GB },
    ...{ temperatureC: 40, clockMhz: 1980, clockMaxMhz: 1980 },
    ...part,
  };
}
const gpus = (...all: readonly GpuFact[]): Observation => ({ kind: "gpus", atMs: 0, gpus: all });
const HOT = gpus(gpu({ throttles: ["hardware thermal slowdown"], temperatureC: 94, clockMhz: 705 }));
const byWorker = (gigabytes: number, target = "app:0"): GpuHolder => ({
  pid: 500,
  bytes: gigabytes * GB,
  owner: { kind: "worker", target },
});
const byStranger = (gigabytes: number): GpuHolder => ({
  pid: 4711,
  bytes: gigabytes * GB,
  owner: { kind: "outside", command: "python3 train.py, user bob" },
});
/** The worker holds so much, a stranger so much, and the rest is free. */
const shared = (worker: number, stranger: number): Observation =>
  gpus(
    gpu({
      memoryUsedBytes: (worker + stranger) * GB,
      memoryFreeBytes: (80 - worker - stranger) * GB,
      holders: [...(worker > 0 ? [byWorker(worker)] : []), ...(stranger > 0 ? [byStranger(stranger)] : [])],
    }),
  );

describe("the machine itself", () => {
  test("is told once it has been short twice in a row, and when it is over; a person is called", () => {
    const { world, see } = stage();
    see(FULL_DISK);
    expect(world.lines("alert")).toEqual([]);
    see(FULL_DISK, 10);
    expect(world.reasons("alert")).toEqual([
      "the disk that holds healer's records: 1GB of 100GB left (1.0 %), less than 5 %; workers that fail for it are not restarted meanwhile",
    ]);
    see(host(), 2);
    expect(world.reasons("pressure_over")).toEqual([
      "over after 1 m 50 s: the disk that holds healer's records: 1GB of 100GB left (1.0 %), less than 5 %",
    ]);
  });

  test("that comes and goes is told once an hour", () => {
    const { world, see } = stage();
    for (let count = 0; count < 20; count++) {
      see(FULL_DISK, 2);
      see(host(), 2);
    }
    expect(world.lines("alert")).toHaveLength(1);
    expect(world.lines("pressure_over")).toHaveLength(1);
    world.advance(60 * MINUTE);
    see(FULL_DISK, 2);
    expect(world.lines("alert")).toHaveLength(2);
  });

  test.each([
    ["memory", host({ memory: { freeBytes: GB / 2, totalBytes: 16 * GB } }), /^the machine's memory: 512MB of 16GB left \(3\.1 %\)/],
    ["load", host({ loadPerCore: 9.5 }), /^the machine's load: 9\.5 per core over a minute, more than 4/],
  ])("short of %s is told with the figures", (_, reading, told) => {
    const { world, see } = stage({ host: { loadPerCoreMax: 4 } });
    see(reading, 2);
    expect(world.reasons("alert")).toEqual([expect.stringMatching(told)]);
  });

  test("of which nothing is known is no trouble", () => {
    const { world, see } = stage({ host: { loadPerCoreMax: 4 } });
    see(host({ memory: null, disk: null, loadPerCore: null }), 5);
    expect(world.lines("alert")).toEqual([]);
  });

  test("holds heals of work that goes badly back, where it is told to", () => {
    const { see, say, healed, guard } = stage();
    see(FULL_DISK, 2);
    say(SICK, "app:0");
    see(FULL_DISK, 30);
    expect(healed()).toEqual([]);
    expect(guard("host")).toMatchObject({ holds: true, flip: "there is enough again" });
    see(host(), 13);
    expect(healed()).toEqual([]);
    expect(guard("host")?.reason).toMatch(/^over since 1 m 58 s, and it has 2 s left to recover by itself: the disk/);
    see(host(), 2);
    expect(healed()).toEqual(["app:0"]);
  });

  test.each([
    ["it is only told", { host: { holds: false } }, SICK],
    ["something is wrong with the process itself", { aboutProcess: true }, SICK],
    ["it is dead", {}, { ...SICK, dead: true }],
  ])("holds nobody back where %s", (_, options, script) => {
    const { see, say, healed } = stage(options);
    see(FULL_DISK, 2);
    say(script, "app:0");
    see(FULL_DISK, 3);
    expect(healed()).toEqual(["app:0"]);
  });

  test("that has not been seen for long holds nobody back", () => {
    const { world, see, say, healed } = stage();
    see(FULL_DISK, 2);
    say(SICK, "app:0");
    world.advance(14 * MINUTE);
    expect(healed()).toEqual([]);
    world.advance(2 * MINUTE);
    expect(healed()).toEqual(["app:0"]);
  });
});

describe("a GPU that is held down", () => {
  test("holds back whoever computes on it, and nobody else", () => {
    const { world, see, say, healed, guard } = stage({ apps: { app: 1, other: 1 } });
    see(gpus(gpu({ holders: [byWorker(10)] })));
    see(HOT, 2);
    say(SICK, "app:0", "other:0");
    see(HOT, 3);
    say(FINE, "other:0");
    see(HOT, 30);
    expect(healed()).toEqual(["other:0"]);
    expect(world.reasons("pressure")).toEqual([
      "GPU 0 (NVIDIA H200) is throttled (hardware thermal slowdown) at 94 °C, 705 of 1980 MHz; workers that fail for it are not restarted meanwhile",
    ]);
    expect(world.lines("alert")).toEqual([]);
    expect(guard("gpu")).toMatchObject({ holds: true });
    see(gpus(gpu()), 13);
    expect(healed()).toEqual(["other:0"]);
    see(gpus(gpu()), 2);
    expect(healed()).toEqual(["other:0", "app:0"]);
  });

  test.each([
    ["all", ["all" as const]],
    ["its number", [[0]]],
  ])("holds back workers that name it by %s, whether or not they hold memory", (_, [choice]) => {
    const { see, say, healed } = stage({ gpus: choice! });
    see(HOT, 2);
    say(SICK, "app:0");
    see(HOT, 10);
    expect(healed()).toEqual([]);
  });

  test("holds nobody back who computes on another one, or says none", () => {
    for (const choice of [[1], "none"] as const) {
      const { see, say, healed } = stage({ gpus: choice });
      see(gpus(gpu({ ...(HOT.kind === "gpus" ? HOT.gpus[0] : {}), holders: [byWorker(10)] })), 2);
      say(SICK, "app:0");
      see(HOT, 10);
      expect(healed()).toEqual(["app:0"]);
    }
  });

  test("for more than half an hour holds nobody back any more", () => {
    const { world, see, say, healed } = stage({ gpus: "all" });
    see(HOT, 2);
    say(SICK, "app:0");
    see(HOT, 175);
    expect(healed()).toEqual([]);
    expect(world.lines("hold", "app:0")[0]?.more).toMatchObject({ guard: "gpu", until: expect.any(String) as string });
    see(HOT, 10);
    expect(healed()).toEqual(["app:0"]);
  });

  test("that comes and goes is one trouble, which holds nobody back for longer than that", () => {
    const { see, say, healed } = stage({ gpus: "all" });
    see(HOT, 2);
    say(SICK, "app:0");
    for (let minute = 0; minute < 29; minute++) {
      see(HOT, 3);
      see(gpus(gpu()), 3);
    }
    expect(healed()).toEqual([]);
    see(HOT, 3);
    see(gpus(gpu()), 6);
    expect(healed()).toEqual(["app:0"]);
  });

  test("one that is only hot counts from the limit on", () => {
    const { world, see } = stage();
    see(gpus(gpu({ temperatureC: 89 })), 5);
    expect(world.lines("pressure")).toEqual([]);
    see(gpus(gpu({ temperatureC: 90 })), 2);
    expect(world.reasons("pressure")).toEqual([expect.stringMatching(/^GPU 0 \(NVIDIA H200\) is too hot at 90 °C/)]);
  });

  test("that cannot be seen any more holds nobody back", () => {
    const { world, see, say, healed } = stage({ gpus: "all" });
    see(HOT, 2);
    say(SICK, "app:0");
    see(HOT, 3);
    world.observations.push({ kind: "blind", sensor: "gpus", target: null, atMs: world.nowMs, reason: "GPU is lost" });
    world.advance(10 * SECOND);
    expect(healed()).toEqual(["app:0"]);
  });
});

describe("memory of a GPU", () => {
  test("that a stranger has taken from the worker holds its heal back, and names the stranger", () => {
    const { world, see, say, healed } = stage();
    see(shared(14, 0), 3);
    say(SICK, "app:0");
    see(shared(0, 78), 30);
    expect(healed()).toEqual([]);
    expect(world.lines("hold", "app:0")).toMatchObject([
      {
        reason:
          "GPU 0 (NVIDIA H200) has 2GB of 80GB free; app:0 holds 0B of the 14GB it held before, and pid 4711 (python3 train.py, user bob), which PM2 does not own, holds 78GB; a restart would get no more",
        more: { guard: "gpu", flip: "the GPU is as it should be again" },
      },
    ]);
    see(shared(0, 0), 12);
    expect(healed()).toEqual([]);
    see(shared(0, 0), 2);
    expect(healed()).toEqual(["app:0"]);
  });

  test.each([
    ["the worker holds what it held before", 14, 66],
    ["there is room for what it held before", 0, 60],
    ["nobody else holds any", 0, 0],
  ])("holds nothing back where %s", (_, worker, stranger) => {
    const { see, say, healed } = stage();
    see(shared(14, 0), 3);
    say(SICK, "app:0");
    see(shared(worker, stranger), 5);
    expect(healed()).toEqual(["app:0"]);
  });

  test("that was never the worker's counts where it names the GPU, which a stranger fills", () => {
    const { see, say, healed } = stage({ gpus: [0] });
    say(SICK, "app:0");
    see(shared(0, 78), 5);
    expect(healed()).toEqual([]);
  });

  test("whose holder healer cannot see, or PM2 owns, is nobody's fault", () => {
    for (const owner of [{ kind: "unseen" }, { kind: "pm2" }] as const) {
      const { see, say, healed } = stage();
      see(shared(14, 0), 3);
      say(SICK, "app:0");
      see(gpus(gpu({ memoryFreeBytes: 2 * GB, holders: [{ pid: 9, bytes: 78 * GB, owner }] })), 3);
      expect(healed()).toEqual(["app:0"]);
    }
  });

  test("that it held before an operator's restart says nothing of what it needs now", () => {
    const { world, see, say, healed } = stage();
    see(shared(14, 0), 3);
    world.pm2.restart(world.pm2.row("app:0"));
    see(shared(0, 78), 30);
    say(SICK, "app:0");
    see(shared(0, 78), 3);
    expect(healed()).toEqual(["app:0"]);
  });
});
