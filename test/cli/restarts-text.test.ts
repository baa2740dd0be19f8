import { describe, expect, test } from "vitest";
import { explainPage } from "../../src/cli/explain-page.ts";
import { restartsText } from "../../src/cli/restarts-text.ts";
import { statusPage } from "../../src/cli/status-page.ts";
import type { RestartStatus } from "../../src/core/status-restarts.ts";
import { daemonStatus, explanation, targetStatus } from "../support/fake-control-plane.ts";
import { WALL_MS } from "../support/log-records.ts";

const AT = new Date(WALL_MS - 240_000).toISOString();
const SEGV = { cause: "crash", at: AT, age_ms: 240_000, exit_code: 0, signal: "SIGSEGV", end: "SIGSEGV" } as const;
const SEVEN: RestartStatus = {
  since: new Date(WALL_MS - 86_400_000).toISOString(),
  counted: 7,
  by_cause: { crash: 5, operator: 1, healer: 1 },
  ends: { "exit code 1": 4, SIGSEGV: 1 },
  last: SEGV,
};
const SCREEN = { columns: 80, colour: false };

describe("a worker's restarts in words", () => {
  test.each<[string, RestartStatus | null, string | null]>([
    [
      "of many kinds",
      SEVEN,
      "7 restarts: 5 crashes (exit code 1: 4, SIGSEGV: 1), 1 by an operator, 1 by healer; the last 4 m ago: crash (SIGSEGV)",
    ],
    [
      "of one kind",
      { ...SEVEN, counted: 1, by_cause: { crash: 1 }, ends: { "exit code 1": 1 }, last: { ...SEGV, end: "exit code 1" } },
      "1 restart: 1 crash (exit code 1); the last 4 m ago: crash (exit code 1)",
    ],
    [
      "of every other",
      {
        ...{ ...SEVEN, counted: 8, ends: { SIGKILL: 2 } },
        by_cause: { unknown: 1, daemon: 1, cron: 1, watch: 1, memory_limit: 2, oom_killer: 2 },
        last: { ...SEGV, cause: "oom_killer", signal: "SIGKILL", end: "SIGKILL" },
      },
      "8 restarts: 2 by the OOM killer, 2 by PM2's memory limit, 1 by PM2's watch, 1 by PM2's cron, 1 with PM2's daemon, 1 unknown; the last 4 m ago: OOM killer",
    ],
    ["not one yet", { ...SEVEN, counted: 0, by_cause: {}, ends: {}, last: null }, null],
    ["of a group", null, null],
  ])("%s", (_what, restarts, text) => {
    expect(restartsText(restarts)).toBe(text);
  });

  test("stand under a worker that PM2 had to bring back within the hour, at 80 columns", () => {
    const page = (restarts: RestartStatus): string =>
      statusPage(daemonStatus({ targets: [targetStatus({ restart_causes: restarts })] }), SCREEN, WALL_MS);
    expect(page(SEVEN)).toContain(`
      - 7 restarts: 5 crashes (exit code 1: 4, SIGSEGV: 1), 1 by an operator, 1
        by healer; the last 4 m ago: crash (SIGSEGV)`);
    expect(page({ ...SEVEN, last: { ...SEGV, age_ms: 3_600_000 } })).not.toContain("restarts");
  });

  test.each(["operator", "healer", "cron", "daemon"] as const)("stand in explain alone where the last was meant: %s", (cause) => {
    const restarts = { ...SEVEN, last: { ...SEGV, cause, signal: null, end: null } };
    expect(statusPage(daemonStatus({ targets: [targetStatus({ restart_causes: restarts })] }), SCREEN, WALL_MS)).not.toContain("restarts");
  });

  test("stand in explain, however long ago", () => {
    const page = explainPage(explanation({ restart_causes: { ...SEVEN, last: { ...SEGV, age_ms: 86_400_000 } } }), SCREEN, WALL_MS);
    expect(page).toContain(`
  restarts  7 restarts: 5 crashes (exit code 1: 4, SIGSEGV: 1), 1 by an
            operator, 1 by healer; the last 1 d ago: crash (SIGSEGV)`);
  });
});
