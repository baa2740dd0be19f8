import { describe, expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import type { Compiled } from "../../src/config/compiled.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import type { Observed } from "../../src/config/observed.ts";
import { timeToHealMs } from "../../src/config/time-to-heal.ts";
import { loaded, small } from "./loaded.ts";
import { workerRow as row } from "../support/worker-row.ts";

/** The report with its folded lines put together again. */
function said(compiled: Compiled, rows: readonly WorkerRow[] | null, observed: Observed = {}): string {
  return checkReport(compiled, rows, observed).text.replaceAll(/\n +/g, " ").replaceAll(/ {2,}/g, " ");
}

const knobs = loaded(small("    queue: llm\n")).strategies[0]!.knobs;
const three = [0, 1, 2].map((pmId) => row({ pmId, instance: String(pmId) }));

describe("time to heal agrees with what bench/success-rate-table.ts measures:", () => {
  const after = (ratePercent: number, tasksPerMinute: number): number =>
    timeToHealMs(knobs, { ratePercent, tasksPerMinute, turnMs: 0 })?.afterGood ?? NaN;
  const fresh = (ratePercent: number, tasksPerMinute: number): number =>
    timeToHealMs(knobs, { ratePercent, tasksPerMinute, turnMs: 0 })?.fresh ?? NaN;

  test.each([
    ["a collapse to 20 % at 1/min takes about 22 min", after(20, 1), 22 * 60_000],
    ["at 10/min about 211 s", after(20, 10), 211_000],
    ["at 1/s about 89 s", after(20, 60), 89_000],
    ["a true 60 % at 10/min about 56 min after a good day", after(60, 10), 56 * 60_000],
    ["a true 65 % at 1/min about 17 h", fresh(65, 1), 17 * 3_600_000],
  ])("%s", (_what, timeMs, expectedMs) => {
    expect(Math.abs(timeMs - expectedMs) / expectedMs).toBeLessThan(0.03);
  });

  test.each([
    ["66 % at 1/min", 66, 1],
    ["the threshold itself", 70, 60],
    ["65 % at six tasks an hour", 65, 0.1],
  ])("%s is never proven", (_what, ratePercent, tasksPerMinute) => {
    expect(timeToHealMs(knobs, { ratePercent, tasksPerMinute, turnMs: 0 })).toBeNull();
  });
});

describe("the report", () => {
  test("resolves shares onto the running workers", () => {
    expect(checkReport(loaded(small()), three).text).toContain("20 % of 3 workers = 1 down or in a heal");
    const ten = Array.from({ length: 10 }, (_, pmId) => row({ pmId }));
    expect(checkReport(loaded(small()), ten).text).toContain("20 % of 10 workers = 2 down or in a heal");
  });

  test.each([
    ["", "any number of workers (no max_workers); copies outside PM2: reported, never ended"],
    [
      "    max_workers: 1\n",
      "at most 1 worker of an app; what has been too many for 1 m is trimmed, the newest stay; copies outside PM2: reported, never ended",
    ],
    [
      "    max_workers: 3\n    trim_outside: orphans\n    advanced: {trim_after_seconds: 90}\n",
      "at most 3 workers of an app; what has been too many for 1 m 30 s is trimmed, the newest stay; copies outside PM2: ended if a dead PM2 daemon left them",
    ],
    ["    trim_outside: all\n", "any number of workers (no max_workers); copies outside PM2: ended as well"],
  ])("says how many there may be, and what becomes of the others: %j", (extra, words) => {
    expect(said(loaded(small(extra)), null)).toContain(` how many ${words} grace period `);
  });

  test("tells the rule that max_workers brings from one that is listed", () => {
    const rules = (extra: string): string => said(loaded(small(extra)), null).match(/ rules .*? time to heal/)?.[0] ?? "";
    expect(rules("")).not.toContain("duplicate-workers");
    expect(rules("    max_workers: 1\n")).toContain("duplicate-workers (implied by max_workers)");
    expect(rules("    max_workers: 1\n    rules: [{rule: duplicate-workers, mode: observe}]\n")).toContain(
      "duplicate-workers (observes only)",
    );
  });

  test("keeps a name that is longer than its column apart from what follows", () => {
    const { text } = checkReport(loaded(small("    rules: [event-loop-delay-above]\n")), null);
    expect(text).toMatch(/^ {4}event-loop-delay-above 1 m /m);
    expect(text).toMatch(/^ {6}event-loop-delay-above later than/m);
  });

  test("has a row for each true rate, and says never where the tasks cannot prove it", () => {
    const { text } = checkReport(loaded(small("    queue: llm\n    min_success_rate_percent: 67\n")), null);
    for (const rate of ["20 %", "50 %", "60 %", "65 %"]) expect(text).toMatch(new RegExp(`^ {4}${rate} .*(–|never)`, "m"));
    expect(text).toMatch(/^ {4}65 % +never +/m);
  });

  test("takes the observed volume instead of assumed ones", () => {
    const { text } = checkReport(loaded(small("    queue: llm\n")), null, { volumes: { api: 10 } });
    expect(text).toContain("10/min now");
    expect(text).not.toContain("1/s");
  });

  test("says what totals only cannot show, for more than one worker", () => {
    const compiled = loaded(small("    queue: llm\n"));
    expect(said(compiled, three)).toContain("one bad worker among three stays invisible: at 20 % beside good ones the group shows 71 %");
    expect(checkReport(compiled, [row()]).text).not.toContain("totals only");
  });

  test("names apps that nobody watches; PM2's modules are nobody's", () => {
    const { text } = checkReport(loaded(small()), [
      row(),
      row({ name: "web", namespace: "prod" }),
      row({ name: "pm2-logrotate", isModule: true }),
    ]);
    expect(text).toMatch(/\n\nNo strategy selects: prod\/web$/);
  });

  test("finds the running app that two patterns select, with both lines", () => {
    const compiled = loaded(small('  - {name: one, match: {app: "x-*"}}\n  - {name: two, match: {app: "*-y"}}\n'));
    const { conflicts } = checkReport(compiled, [row({ name: "x-y" })]);
    expect(conflicts).toEqual([
      {
        line: 9,
        column: 24,
        path: "strategies.two.match",
        message: "the running app x-y is selected by one (line 8) and two (line 9); an app belongs to one strategy",
      },
    ]);
    expect(checkReport(compiled, [row({ name: "x-z" })]).conflicts).toEqual([]);
  });
});

describe("warns about", () => {
  const quiet = "notify: [{type: webhook, url: 'http://127.0.0.1:1/'}]\n";
  const warned = (extra: string, rows: readonly WorkerRow[] = three): readonly string[] =>
    checkReport(loaded(small(`    queue: llm\n${extra}`, quiet)), rows).warnings.map(({ path, message }) => `${path}: ${message}`);

  test("nothing in a plain file for running workers", () => {
    expect(warned("")).toEqual([]);
  });

  const probe = "    rules: [{rule: http-probe, url: ";
  const cases: readonly (readonly [what: string, extra: string, message: string, rows?: WorkerRow[]])[] = [
    [
      "a grace period of nothing",
      "    grace_period_seconds: 0\n",
      "strategies[0].grace_period_seconds: 0 leaves a worker no time to start",
    ],
    ["a grace period below sustain", "    grace_period_seconds: 30\n", "30s is shorter than advanced.sustain_seconds (1m)"],
    ["a window that expires first", "    window: 3m\n", "strategies[0].window: 3m is shorter than grace period and sustain together"],
    ["a sustain of nothing", "    advanced: {sustain_seconds: 0}\n", "0 lets a burst of a few bad tasks restart a worker"],
    ["a whole group at once", "    max_unavailable: 100%\n", "100% allows a whole group to be down at once"],
    ["flapping before failing", "    max_heals_per_hour: 2\n", "2 is less than consecutive_failures_threshold (3)"],
    ["one address for three workers", `${probe}"http://127.0.0.1:80/"}]\n`, "the same address for all 3 workers of api"],
    [
      "reload for fork apps",
      "    actions: [reload, restart]\n",
      "reload replaces cluster workers; api runs in fork mode, so its first heal fails",
    ],
    [
      "PM2's own memory limit",
      "    rules: [{rule: memory-above, limit: 1G}]\n",
      "max_memory_restart 300MB: PM2 comes first",
      [row({ maxMemoryRestartBytes: 300 * 1024 ** 2 })],
    ],
    ["an app that does not run", "", "strategies[0].match: matches no app that PM2 knows now", []],
  ];
  test.each(cases.map(([what, extra, message, rows]) => ({ what, extra, message, rows })))("$what", ({ extra, message, rows }) => {
    expect(warned(extra, rows).join("\n")).toContain(message);
  });

  test.each([
    ["{env.PORT}", `${probe}"http://127.0.0.1:{env.PORT}/"}]\n`],
    ["{instance}", `${probe}"http://127.0.0.1/{instance}"}]\n`],
  ])("no probe that tells workers apart by %s", (_what, extra) => {
    expect(warned(extra)).toEqual([]);
  });

  test("a queue nobody reads, a strategy that sees nothing, and healing with nobody told", () => {
    const { warnings } = checkReport(loaded(small()), null);
    expect(warnings.map(({ path }) => path)).toEqual(["notify", "queues.llm", "strategies[0]"]);
  });
});
