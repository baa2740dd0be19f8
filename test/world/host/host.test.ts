import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openHost } from "../../../src/world/host/host.ts";

test("memory, disk, load and cores of this machine are plausible", async () => {
  const { cores, load, memory, disk } = await openHost(tmpdir()).read();
  expect(cores).toBeGreaterThan(0);
  expect(load).toHaveLength(3);
  expect(memory?.totalBytes).toBeGreaterThan(totalmem() * 0.9);
  expect(memory?.availableBytes).toBeGreaterThan(0);
  expect(memory?.availableBytes).toBeLessThanOrEqual(memory?.totalBytes ?? 0);
  expect(disk?.path).toBe(tmpdir());
  expect(disk?.freeBytes).toBeGreaterThanOrEqual(0);
  expect(disk?.totalBytes).toBeGreaterThan(disk?.freeBytes ?? Number.POSITIVE_INFINITY);
});

test("a folder that does not exist costs the disk's figure, not the reading", async () => {
  const facts = await openHost(join(tmpdir(), "no", "such", "folder")).read();
  expect(facts.disk).toBeNull();
  expect(facts.memory).not.toBeNull();
});
