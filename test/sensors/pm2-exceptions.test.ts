import { beforeEach, describe, expect, it } from "vitest";
import { createExceptionsSensor } from "../../src/sensors/pm2-exceptions.ts";
import type { Sensor } from "../../src/sensors/sensor.ts";
import { MemoryPm2 } from "../support/memory-pm2.ts";
import { facts, sensorContext, watchedWorker, type TestContext } from "../support/watched-worker.ts";

let pm2: MemoryPm2;
let sensor: Sensor;
let context: TestContext;

beforeEach(() => {
  pm2 = new MemoryPm2();
  sensor = createExceptionsSensor({ pm2, neededFor: (strategy) => strategy === "rpa", everyMs: 2_000 });
  context = sensorContext([watchedWorker({ pmId: 3 })]);
});

const exceptions = (atMs: number, count: number, target = "rpa:0") => ({ kind: "exceptions", target, atMs, count });

describe("exceptions that PM2 tells", () => {
  it("are listened to from the first reading on, until the sensor is closed", async () => {
    expect(pm2.hearer).toBeNull();
    await sensor.read(context);
    expect(pm2.hearer).not.toBeNull();
    sensor.close?.();
    expect(pm2.hearer).toBeNull();
  });

  it("count at the instant they are heard, those of a second together", async () => {
    expect(await facts(sensor.read(context))).toEqual([exceptions(1_000_000, 0)]);
    pm2.hearer?.(3);
    context.atMs += 999;
    pm2.hearer?.(3);
    context.atMs += 1;
    pm2.hearer?.(3);
    context.atMs += 1_000;
    expect(await facts(sensor.read(context))).toEqual([exceptions(1_000_000, 2), exceptions(1_001_000, 1), exceptions(1_002_000, 0)]);
    expect(await facts(sensor.read(context))).toEqual([exceptions(1_002_000, 0)]);
  });

  it("are those of the worker with that number, and nobody's where none has it or no rule asks", async () => {
    context.workers = [
      watchedWorker({ pmId: 3 }),
      watchedWorker({ pmId: 4, instance: "1" }),
      watchedWorker({ pmId: 5, instance: "2" }, "x"),
    ];
    await sensor.read(context);
    for (const pmId of [4, 5, 99]) pm2.hearer?.(pmId);
    expect(await facts(sensor.read(context))).toEqual([
      exceptions(1_000_000, 0),
      exceptions(1_000_000, 1, "rpa:1"),
      exceptions(1_000_000, 0, "rpa:1"),
    ]);
  });

  it("are not said to be none where PM2 does not speak for the worker, but what it tells counts", async () => {
    context.workers = [watchedWorker({ pmId: 3, tellsExceptions: false })];
    expect(await facts(sensor.read(context))).toEqual([]);
    pm2.hearer?.(3);
    expect(await facts(sensor.read(context))).toEqual([exceptions(1_000_000, 1)]);
  });

  it("are unknown while the bus is silent, but those heard before count", async () => {
    await sensor.read(context);
    pm2.hearer?.(3);
    pm2.busConnected = false;
    const reason = "PM2's bus does not answer";
    expect(await sensor.read(context)).toEqual([
      { kind: "blind", sensor: "pm2-exceptions", target: null, atMs: 1_000_000, reason },
      exceptions(1_000_000, 1),
    ]);
    pm2.busConnected = true;
    expect((await sensor.read(context)).map(({ kind }) => kind)).toEqual(["sight", "exceptions"]);
  });

  it("take the same room however many there are", async () => {
    context.atMs = 0;
    await sensor.read(context);
    for (let number = 0; number < 500_000; number++) {
      context.atMs = number * 3;
      pm2.hearer?.(3);
    }
    const told = await facts(sensor.read(context));
    expect(told.length).toBeLessThanOrEqual(101);
    expect(told.reduce((sum, one) => sum + (one.kind === "exceptions" ? one.count : 0), 0)).toBe(500_000);
  });
});
