import { randomUUID } from "node:crypto";
import { defineConfig } from "vitest/config";
import { PlainSummary } from "./test/support/plain-summary.ts";

/** Every process a test starts inherits this from the test's own environment; the teardown looks for it in /proc. */
const run = (process.env["HEALER_TEST_RUN_ID"] ??= randomUUID());

const WORLDS = "test/simulate/worlds.test.ts";
const HOUSE = ["test/architecture.test.ts", "test/style.test.ts", "test/docs-paths.test.ts"];

export default defineConfig({
  test: {
    env: { HEALER_TEST_RUN: run },
    globalSetup: ["test/support/no-survivors.ts"],
    setupFiles: ["test/support/no-group-kill.ts"],
    reporters: ["default", new PlainSummary()],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 15_000,
    projects: [
      // Rules about the tree itself; part of `npm run check` as well.
      { extends: true, test: { name: "house", include: HOUSE, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...HOUSE, WORLDS, "test/integration/**", "test/fixtures/**"],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      // A year of worlds, alone: beside others a shared core would count for more than it did. Compiling and collecting in
      // threads beside it would be counted as well.
      {
        extends: true,
        test: {
          name: "worlds",
          include: [WORLDS],
          server: { deps: { external: [/\/dist\//] } },
          execArgv: ["--single-threaded", "--max-semi-space-size=32"],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      // Real PM2 daemons and real time, most of which is waiting: two files at once, after everything quick has had its say.
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          testTimeout: 120_000,
          maxConcurrency: 30, // scenarios that mostly wait share one PM2 and one healer
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
