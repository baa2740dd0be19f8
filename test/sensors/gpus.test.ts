import { describe, expect, test } from "vitest";
import type { Pm2View } from "../../src/core/observation.ts";
import { createGpuSensor } from "../../src/sensors/gpus.ts";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { parseGpus, parseProcesses } from "../../src/world/gpu/gpu-table.ts";
import type { GpuFailure, Gpus } from "../../src/world/gpu/gpus.ts";
import { RECORDED } from "../fixtures/gpu/recordings.ts";
import { fakeProcesses } from "../support/fake-processes.ts";
import { facts, sensorContext, watchedWorker } from "../support/watched-worker.ts";
import { workerRow } from "../support/worker-row.ts";

const MINUTE = 60_000;
const BUSY = { gpus: parseGpus(RECORDED.busy.gpus)!, processes: parseProcesses(RECORDED.busy.apps) };
const NONE: GpuFailure = { kind: "none", message: "there is no program nvidia-smi" };
const SLOW: GpuFailure = { kind: "slow", message: "nvidia-smi did not answer in 5 s" };

function stage(options: { isExpected?: boolean; pm2?: Pm2View | null } = {}) {
  const scene = { answer: { ok: true, value: BUSY } as Awaited<ReturnType<Gpus["read"]>>, asked: 0 };
  const gpus: Gpus = { read: () => Promise.resolve((scene.asked++, scene.answer)) };
  // 4000 is the worker and 498 its child; 7000 belongs to another row; 499 to nobody.
  const processes = fakeProcesses(
    { pid: 4000 },
    { pid: 498, parentPid: 4000 },
    { pid: 7000 },
    { pid: 499, parentPid: 1, brief: { name: "python3", argv: ["python3", "train.py", "--token=abc"], uid: 0 } },
  );
  const rows = [workerRow({ pid: 4000 }), workerRow({ name: "other", pid: 7000 })];
  const view = { generation: "g", version: "7.0.4", readWallMs: 0, rows };
  const pm2 = options.pm2 === undefined ? view : options.pm2;
  const sensor = createGpuSensor({ gpus, processes, pm2: () => pm2, isExpected: options.isExpected === true, everyMs: 10_000 });
  const context = sensorContext([watchedWorker()]);
  return { scene, processes, sensor, context };
}

async function ownersOf(sensor: Sensor, context: ReturnType<typeof sensorContext>) {
  const [reading] = await facts(sensor.read(context));
  return reading?.kind === "gpus" ? reading.gpus[0]?.holders.map(({ owner }) => owner) : null;
}

describe("who holds the memory", () => {
  test("is told by the process tree: a worker, or nobody of PM2's, without the secrets of its command line", async () => {
    const { sensor, context } = stage();
    expect(await ownersOf(sensor, context)).toEqual([
      { kind: "worker", target: "rpa:0" },
      { kind: "outside", command: "python3 train.py --token=***, user root" },
    ]);
  });

  test("another row of PM2 is no stranger", async () => {
    const { sensor, context, processes } = stage();
    processes.put({ pid: 499, parentPid: 7000 });
    expect(await ownersOf(sensor, context)).toMatchObject([{ kind: "worker" }, { kind: "pm2" }]);
  });

  test("a process that healer does not see, as one in another PID namespace, is unseen", async () => {
    const { sensor, context, processes } = stage();
    processes.end(499);
    expect(await ownersOf(sensor, context)).toMatchObject([{ kind: "worker" }, { kind: "unseen" }]);
  });

  test("nobody is a stranger while PM2's rows are not known", async () => {
    const { sensor, context } = stage({ pm2: null });
    expect(await ownersOf(sensor, context)).toEqual([{ kind: "unseen" }, { kind: "unseen" }]);
  });
});

describe("a machine without a GPU", () => {
  test("is normal: nothing is told, and it is asked again after ten minutes", async () => {
    const { scene, sensor, context } = stage();
    scene.answer = { ok: false, error: NONE };
    for (let minute = 0; minute < 21; minute++, context.atMs += MINUTE) expect(await sensor.read(context)).toEqual([]);
    expect(scene.asked).toBe(3);
  });

  test("is none where the configuration names GPUs, or there was one before: then healer is blind", async () => {
    const expected = stage({ isExpected: true });
    expected.scene.answer = { ok: false, error: NONE };
    expect(await expected.sensor.read(expected.context)).toMatchObject([{ kind: "blind", sensor: "gpus", reason: NONE.message }]);
    const lost = stage();
    await lost.sensor.read(lost.context);
    lost.scene.answer = { ok: false, error: NONE };
    expect(await lost.sensor.read(lost.context)).toMatchObject([{ kind: "blind" }]);
    lost.scene.answer = { ok: true, value: BUSY };
    lost.context.atMs += 5 * MINUTE;
    expect(await lost.sensor.read(lost.context)).toMatchObject([{ kind: "sight" }, { kind: "gpus" }]);
  });
});

test("a program that hangs twice is left alone for five minutes, and healer stays blind meanwhile", async () => {
  const { scene, sensor, context } = stage();
  scene.answer = { ok: false, error: SLOW };
  for (let turn = 0; turn < 32; turn++, context.atMs += 10_000) expect(await sensor.read(context)).toMatchObject([{ kind: "blind" }]);
  expect(scene.asked).toBe(3);
});

test("one slow answer among good ones changes nothing", async () => {
  const { scene, sensor, context } = stage();
  for (let turn = 0; turn < 10; turn++, context.atMs += 10_000) {
    scene.answer = turn % 2 === 0 ? { ok: false, error: SLOW } : { ok: true, value: BUSY };
    await sensor.read(context);
  }
  expect(scene.asked).toBe(10);
});
