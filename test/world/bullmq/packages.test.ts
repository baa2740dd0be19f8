import { expect, test } from "vitest";
import { missingBullmqPackages } from "../../../src/world/bullmq/packages.ts";

function without(...gone: readonly string[]): string | null {
  return missingBullmqPackages((name) => {
    if (gone.includes(name)) throw new Error(`Cannot find module '${name}'`);
  });
}

test("where both packages are there, nothing is lacking", () => {
  expect(without()).toBeNull();
  expect(missingBullmqPackages(), "as healer itself is developed").toBeNull();
});

test.each([
  [["bullmq"], "needs the package bullmq, which is not installed beside healer: npm install bullmq (with -g"],
  [["ioredis"], "needs the package ioredis, which is not installed beside healer: npm install ioredis (with -g"],
  [
    ["bullmq", "ioredis"],
    "needs the packages bullmq and ioredis, which are not installed beside healer: npm install bullmq ioredis (with -g",
  ],
])("without %s it says what to install", (gone, words) => {
  expect(without(...gone)).toContain(words);
});
