import { describe, expect, test } from "vitest";
import { GPU_FIELDS, parseGpus, parseProcesses, PROCESS_FIELDS } from "../../../src/world/gpu/gpu-table.ts";
import { RECORDED, WRITTEN } from "../../fixtures/gpu/recordings.ts";

const MIB = 1024 * 1024;

describe("the table of GPUs", () => {
  test("as recorded: nothing to do is 0, not unknown", () => {
    expect(parseGpus(RECORDED.idle.gpus)).toEqual([
      {
        index: 0,
        uuid: "GPU-28f0fa35-a07c-baa4-279e-c95565b18935",
        name: "NVIDIA H200",
        utilizationPercent: 0,
        memoryTotalBytes: 143_771 * MIB,
        memoryUsedBytes: 0,
        memoryFreeBytes: 143_156 * MIB,
        temperatureC: 36,
        clockMhz: 345,
        clockMaxMhz: 1980,
        powerW: 78.98,
        throttles: [],
      },
    ]);
  });

  test("clocks below their most under full load are the power limit's, which is no trouble", () => {
    expect(parseGpus(RECORDED.busy.gpus)).toMatchObject([{ utilizationPercent: 100, clockMhz: 1485, throttles: [] }]);
  });

  test("clocks held down for heat are", () => {
    const throttles = ["hardware slowdown", "software thermal slowdown", "hardware thermal slowdown"];
    expect(parseGpus(WRITTEN.throttled)).toMatchObject([{ temperatureC: 91, throttles }]);
  });

  test("what a card does not tell is null", () => {
    expect(parseGpus(WRITTEN.reticent)).toMatchObject([
      { index: 1, utilizationPercent: null, memoryUsedBytes: 0, temperatureC: null, clockMhz: null, powerW: null, throttles: [] },
    ]);
  });

  test.each([
    ["no GPU at all", "", []],
    ["a message", WRITTEN.lost, null],
    ["a message with as many commas", `${"a,".repeat(GPU_FIELDS.length - 1)}b\n`, null],
    ["a wrong field", RECORDED.badField, null],
  ])("%s is no table, or an empty one", (_, text, expected) => {
    expect(parseGpus(text)).toEqual(expected);
  });

  test("is bounded, whatever is printed", () => {
    const line = RECORDED.idle.gpus.replace("NVIDIA H200", "N".repeat(10_000));
    const gpus = parseGpus(line.repeat(1000));
    expect(gpus).toHaveLength(64);
    expect(gpus?.[0]?.name).toHaveLength(100);
  });
});

describe("the table of processes", () => {
  test("as recorded", () => {
    const uuid = "GPU-28f0fa35-a07c-baa4-279e-c95565b18935";
    expect(parseProcesses(RECORDED.busy.apps)).toEqual([
      { uuid, pid: 498, bytes: 3050 * MIB },
      { uuid, pid: 499, bytes: 62_088 * MIB },
    ]);
    expect(parseProcesses(RECORDED.idle.apps)).toEqual([]);
  });

  test("memory that the driver does not tell is null; what is no pid is left out; what is no table is told", () => {
    expect(parseProcesses("GPU-1, 7, [N/A]\nGPU-1, [Not Found], 12\nGPU-1, 0, 3\n")).toEqual([{ uuid: "GPU-1", pid: 7, bytes: null }]);
    expect(parseProcesses(`${"x".repeat(5)}\n`)).toBeNull();
    expect(PROCESS_FIELDS).toHaveLength(3);
  });
});
