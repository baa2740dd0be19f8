import { closeSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { readOpenFiles } from "../../../src/world/processes/open-files.ts";

test.runIf(process.platform === "linux")("counts what a process has open, and how much it may have", () => {
  const before = readOpenFiles(process.pid);
  const files = Array.from({ length: 50 }, () => openSync("/dev/null", "r"));
  const after = readOpenFiles(process.pid);
  for (const file of files) closeSync(file);
  expect((after?.count ?? 0) - (before?.count ?? 0)).toBe(50);
  expect(after?.limit).toBeGreaterThan(50);
  expect(readOpenFiles(2 ** 22 + 1)).toBeNull();
});
