import { expect, test } from "vitest";
import { createOsProcessSensor } from "../../src/sensors/os-processes.ts";
import { unsupportedProcesses } from "../../src/world/processes/unsupported-processes.ts";
import { fakeProcesses } from "../support/fake-processes.ts";
import { facts, sensorContext, watchedWorker, watchedWorkers } from "../support/watched-worker.ts";

const EVERYTHING = {
  memoryFor: () => true,
  cpuFor: () => true,
  filesFor: () => true,
  pulseFor: () => true,
  everyMs: 2_000,
  scanEveryMs: 10_000,
};

test("pulse comes with every reading, memory and CPU time of the whole tree every ten seconds", async () => {
  const processes = fakeProcesses(
    { pid: 4000, memoryBytes: 2e6, cpuMs: 70 },
    { pid: 5000, parentPid: 4000, memoryBytes: 300e6, cpuMs: 8000 },
  );
  const sensor = createOsProcessSensor({ ...EVERYTHING, processes });
  const context = sensorContext([watchedWorker()]);
  const kinds: string[] = [];
  for (; context.atMs < 1_022_000; context.atMs += 2_000) {
    for (const observation of await sensor.read(context)) {
      kinds.push(`${(context.atMs - 1_000_000) / 1000}s ${observation.kind}`);
      if (observation.kind === "memory") expect(observation).toMatchObject({ target: "rpa:0", bytes: 302e6 });
      if (observation.kind === "cpu") expect(observation).toMatchObject({ target: "rpa:0", pid: 4000, cpuMs: 8070 });
      if (observation.kind === "pulse") expect(observation).toMatchObject({ target: "rpa:0", pid: 4000, state: "S" });
    }
  }
  expect(kinds.filter((kind) => kind.endsWith("memory"))).toEqual(["0s memory", "10s memory", "20s memory"]);
  expect(kinds.filter((kind) => kind.endsWith("cpu"))).toEqual(["0s cpu", "10s cpu", "20s cpu"]);
  expect(kinds.filter((kind) => kind.endsWith("pulse"))).toHaveLength(11);
});

test("only what some rule asks for is read, and only of workers that run", async () => {
  const processes = fakeProcesses({ pid: 4000 }, { pid: 4001 });
  let scans = 0;
  const counting = { ...processes, snapshot: () => (scans++, processes.snapshot()) };
  const [first, second] = watchedWorkers(2);
  const stopped = watchedWorker({ name: "stopped", pid: null, status: "stopped" });
  const pulseFor = (id: string): boolean => id !== "rpa:1";
  const sensor = createOsProcessSensor({
    processes: counting,
    pulseFor,
    memoryFor: () => false,
    cpuFor: () => false,
    filesFor: () => false,
    everyMs: 2_000,
    scanEveryMs: 10_000,
  });
  const observations = await facts(sensor.read(sensorContext([first!, second!, stopped])));
  expect(observations.map((observation) => [observation.kind, "target" in observation && observation.target])).toEqual([
    ["pulse", "rpa:0"],
  ]);
  expect(scans).toBe(0);
});

test("memory and CPU time come out of one scan, each for whoever asks", async () => {
  const processes = fakeProcesses({ pid: 4000 }, { pid: 4001 });
  let scans = 0;
  const counting = { ...processes, snapshot: () => (scans++, processes.snapshot()) };
  const asked = {
    memoryFor: (id: string) => id === "rpa:0",
    cpuFor: (id: string) => id === "rpa:1",
    filesFor: (id: string) => id === "rpa:1",
    pulseFor: () => false,
  };
  const sensor = createOsProcessSensor({ processes: counting, ...asked, everyMs: 2_000, scanEveryMs: 10_000 });
  const observations = await facts(sensor.read(sensorContext(watchedWorkers(2))));
  expect(observations.map((seen) => [seen.kind, "target" in seen && seen.target])).toEqual([
    ["memory", "rpa:0"],
    ["cpu", "rpa:1"],
    ["files", "rpa:1"],
  ]);
  expect(scans).toBe(1);
});

test("a pid the kernel does not know makes the sensor blind for that worker after three readings and four seconds, and sight returns", async () => {
  const processes = fakeProcesses({ pid: 4001 });
  const sensor = createOsProcessSensor({ ...EVERYTHING, processes });
  const context = sensorContext(watchedWorkers(2));
  const ofFirst = async (afterMs = 2_000): Promise<string[]> => {
    context.atMs += afterMs;
    return (await sensor.read(context)).filter((seen) => "target" in seen && seen.target === "rpa:0").map((seen) => seen.kind);
  };
  expect([await ofFirst(), await ofFirst(), await ofFirst(), await ofFirst()]).toEqual([[], [], ["blind"], ["blind"]]);
  context.workers = [];
  await ofFirst();
  context.workers = watchedWorkers(2);
  expect([await ofFirst(), await ofFirst(500), await ofFirst(500), await ofFirst(500)]).toEqual([[], [], [], []]);
  processes.put({ pid: 4000 });
  expect(await ofFirst()).toEqual(["sight", "pulse"]);
  expect(await ofFirst()).toEqual(["pulse"]);
});

test("blindness for a worker ends when it is no longer watched", async () => {
  const sensor = createOsProcessSensor({ ...EVERYTHING, processes: fakeProcesses() });
  const context = sensorContext([watchedWorker()]);
  for (const expected of [0, 0, 1]) {
    context.atMs += 2_000;
    expect(await sensor.read(context)).toHaveLength(expected);
  }
  context.workers = [];
  expect(await sensor.read(context)).toEqual([{ kind: "sight", sensor: "os-processes", target: "rpa:0", atMs: 1_006_000 }]);
  expect(await sensor.read(context)).toEqual([]);
});

test("where processes cannot be read the whole sensor is blind, and says nothing where no rule asks", async () => {
  const sensor = createOsProcessSensor({ ...EVERYTHING, processes: unsupportedProcesses() });
  expect(await sensor.read(sensorContext([watchedWorker()]))).toMatchObject([{ kind: "blind", target: null, sensor: "os-processes" }]);
  expect(await sensor.read(sensorContext([]))).toEqual([]);
});
