import { expect, test } from "vitest";
import { createHostReader } from "../../src/sensors/host.ts";
import type { HostFacts } from "../../src/world/host/host.ts";

function facts(cores: number): HostFacts {
  return { cores, load: null, memory: null, disk: null };
}

function stage() {
  const scene = { nowMs: 0, readings: 0 };
  const read = (): Promise<HostFacts> => Promise.resolve(facts(++scene.readings));
  return { scene, reader: createHostReader({ read, nowMs: () => scene.nowMs }) };
}

test("the machine is read at most every half minute, however often somebody asks", async () => {
  const { scene, reader } = stage();
  for (scene.nowMs = 0; scene.nowMs < 120_000; scene.nowMs += 2_000) await reader.readHost();
  expect(scene.readings).toBe(5);
});

test("callers at the same time share one reading", async () => {
  const { scene, reader } = stage();
  expect(await Promise.all([reader.readHost(), reader.readHost()])).toEqual([facts(1), facts(1)]);
  expect(scene.readings).toBe(1);
});

test("status never waits: nothing at first, then the newest reading, renewed behind its back", async () => {
  const { scene, reader } = stage();
  expect(reader.latest()).toBeNull();
  await reader.readHost();
  expect(reader.latest()).toEqual(facts(1));
  scene.nowMs = 61_000;
  expect(reader.latest()).toEqual(facts(1));
  await reader.readHost();
  expect(reader.latest()).toEqual(facts(2));
  expect(scene.readings).toBe(2);
});
