import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SensorPace } from "../../src/daemon/sensor-pace.ts";
import type { Sensor } from "../../src/sensors/sensor.ts";

let looks = 0;
const pace = new SensorPace(() => void looks++);
const every = (everyMs: number): Sensor => ({ name: "s", everyMs, timeoutMs: 1000, read: () => Promise.resolve([]) });

beforeEach(() => {
  vi.useFakeTimers();
  looks = 0;
});
afterEach(() => {
  pace.stop();
  vi.useRealTimers();
});

test.each([
  ["a sensor quicker than the turns is looked for four times in its rhythm", [every(1000), every(10_000)], 40],
  ["sensors no quicker than the turns are left to the turns", [every(2000), every(10_000)], 0],
  ["without sensors there is nothing to look for", [], 0],
])("%s", (_title, sensors, expected) => {
  pace.keep(sensors, 2000);
  vi.advanceTimersByTime(10_000);
  expect(looks).toBe(expected);
});

test("an edit that makes the sensors slower ends the looking", () => {
  pace.keep([every(1000)], 2000);
  pace.keep([every(5000)], 2000);
  vi.advanceTimersByTime(10_000);
  expect(looks).toBe(0);
});
