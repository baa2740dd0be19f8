import { describe, expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { cronRunsPerHour } from "../../src/config/cron-pace.ts";
import { restartLimits } from "../../src/config/restart-limits.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { KNOBS } from "../support/core-policy.ts";
import { workerRow } from "../support/worker-row.ts";
import { loaded, small } from "./loaded.ts";

const RULES = { knobs: KNOBS, budgetPerHour: 17, heals: true, stormExits: 3 };

function limits(change: Partial<WorkerRow>, workers = 1, rules: Partial<typeof RULES> = {}) {
  const rows = Array.from({ length: workers }, (_, pmId) => workerRow({ pmId, ...change }));
  return restartLimits(rows, { ...RULES, ...rules });
}

describe("PM2 alone restarts a worker", () => {
  const cases: readonly (readonly [string, Partial<WorkerRow>, number, string])[] = [
    ["without a brake after its first seconds", {}, 45_000, "no delay; given up only after 16 exits of lives under 1 s within 16 s"],
    ["never to the end where it waits longer than min_uptime", { restartDelayMs: 5000 }, 708, "restart_delay 5 s; never given up"],
    ["with growing waits", { expBackoffMs: 100 }, 238, "delays up to 15 s (exp_backoff_restart_delay); given up only after 16 exits"],
    ["with a brake of the user's", { maxRestarts: 4, minUptimeMs: 10_000 }, 45_000, "4 exits of lives under 10 s within 40 s"],
    ["never again where max_restarts is 0", { maxRestarts: 0 }, 0, "max_restarts 0 gives it up at its first exit"],
    ["for its memory, at every look", { autorestart: false, maxMemoryRestartBytes: 1 }, 120, "max_memory_restart, looked at every 30 s"],
    ["by the clock", { autorestart: false, cronRestart: "*/15 * * * *" }, 4, 'cron_restart "*/15 * * * *"'],
    ["by a clock not understood", { autorestart: false, cronRestart: "@hourly" }, 0, "which was not understood"],
    ["when a file changes", { autorestart: false, watch: true }, 0, "watch, with every change of a file"],
  ];
  test.each(cases)("%s", (_what, change, count, words) => {
    const { pm2 } = limits(change);
    expect(pm2).toHaveLength(1);
    expect(pm2[0]?.count).toBe(count);
    expect(pm2[0]?.words).toContain(words);
  });

  test("never where nothing tells it to", () => {
    expect(limits({ autorestart: false })).toMatchObject({ pm2: [], together: null });
  });
});

describe("healer restarts", () => {
  test.each([
    ["a worker as often as max_heals_per_hour says", limits({}), { perWorker: 5, group: 5 }],
    ["a group as often as the budget allows", limits({}, 9), { perWorker: 5, group: 17 }],
    ["nobody in mode observe", limits({}, 3, { heals: false }), { perWorker: 0, group: 0 }],
  ])("%s", (_what, { healer }, expected) => {
    expect(healer).toEqual(expected);
  });

  test("a crash loop is PM2's until healer holds it down: three exits, then two restarts a trial at most", () => {
    expect(limits({}).together).toBe(3 + 2 * 5);
    expect(limits({}, 1, { heals: false }).together).toBeNull();
  });
});

describe("a cron pattern fires in an hour at most", () => {
  test.each([
    ["0 4 * * *", 1],
    ["* * * * *", 60],
    ["*/7 * * * *", 9],
    ["0,30 9-17 * * 1-5", 2],
    ["10-20/5 * * * *", 3],
    ["5/20 * * * *", 3],
    ["*/10 * * * * *", 360],
    ["60 * * * *", null],
    ["*/0 * * * *", null],
    ["9-5 * * * *", null],
    ["@daily", null],
    ["", null],
  ])("%s: %s times", (pattern, times) => {
    expect(cronRunsPerHour(pattern)).toBe(times);
  });
});

test("the report has one entry a group, with both and what they make together", () => {
  const rows = [workerRow(), workerRow({ pmId: 1, name: "mailer", restartDelayMs: 5000 })];
  const { text } = checkReport(loaded(small().replace("{app: api}", '{app: "*"}')), rows);
  const entries = text.replaceAll(/\n {15}/g, " ").match(/^ {2}restarts\/h .*$/gm) ?? [];
  expect(entries).toHaveLength(2);
  expect(entries[0]).toContain("api: PM2 alone at most 45 000 (a crash loop with no delay");
  expect(entries[0]).toContain(
    "healer at most 5 a worker and 5 here (budget: 17 over all); together 13 for a worker that crashes on and on",
  );
  expect(entries[1]).toContain("mailer: PM2 alone at most 708 (a crash loop with restart_delay 5 s; never given up)");
});
