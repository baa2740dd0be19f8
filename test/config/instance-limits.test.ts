import { describe, expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { workerRow } from "../support/worker-row.ts";
import { loaded, small } from "./loaded.ts";

/** PM2 lists so many rows of the app, each with the count it was configured with. */
function rowsOf(configured: readonly number[], change: Partial<WorkerRow> = {}): readonly WorkerRow[] {
  return configured.map((configuredInstances, pmId) => workerRow({ pmId, instance: String(pmId), configuredInstances, ...change }));
}

describe("max_workers below what PM2 is configured to run", () => {
  test("is an error of the file, at its line", () => {
    const { conflicts, text } = checkReport(loaded(small("    max_workers: 2\n")), rowsOf([3, 3, 3]));
    const message = "2 is less than the 3 instances PM2 is configured to run of api: nothing would be trimmed";
    expect(conflicts).toEqual([{ line: 8, column: 18, path: "strategies[0].max_workers", message }]);
    expect(text).toContain(`Errors:\n  h.yaml:8:18 strategies[0].max_workers: ${message}`);
  });

  test("that was inherited is an error of the strategy, which can say another number", () => {
    const inherited = loaded(small("", "defaults: {max_workers: 1}\n"));
    const { conflicts } = checkReport(inherited, [...rowsOf([2, 2]), ...rowsOf([1], { name: "mailer" })]);
    expect(conflicts).toMatchObject([{ path: "strategies[0].max_workers", line: 7 }]);
    expect(checkReport(loaded(small("    max_workers: 2\n", "defaults: {max_workers: 1}\n")), rowsOf([2, 2])).conflicts).toEqual([]);
  });

  test("names each of the apps that one strategy selects", () => {
    const compiled = loaded(small().replace("{app: api}", '{app: "*"}') + "    max_workers: 1\n");
    const rows = [...rowsOf([2, 2]), ...rowsOf([1], { name: "mailer" }), ...rowsOf([4], { name: "web", namespace: "blue" })];
    expect(checkReport(compiled, rows).conflicts.map(({ message }) => message)).toEqual([
      expect.stringContaining("the 2 instances PM2 is configured to run of api"),
      expect.stringContaining("the 4 instances PM2 is configured to run of blue/web"),
    ]);
  });

  const fine: readonly [what: string, extra: string, rows: readonly WorkerRow[] | null][] = [
    ["where as many may be as are configured", "    max_workers: 3\n", rowsOf([3, 3, 3])],
    ["where rows are too many that nobody configured: those are trimmed", "    max_workers: 1\n", rowsOf([1, 1, 1])],
    ["where PM2 runs none of them now", "    max_workers: 1\n", []],
    ["where PM2 was not asked", "    max_workers: 1\n", null],
    ["where nobody counts", "", rowsOf([9])],
  ];
  test.each(fine)("is no error %s", (_what, extra, rows) => {
    expect(checkReport(loaded(small(extra)), rows).conflicts).toEqual([]);
  });
});

describe("trim_outside without max_workers", () => {
  const idle = (extra: string, top = ""): readonly string[] =>
    checkReport(loaded(small(extra, top)), null).warnings.flatMap(({ path, line, message }) =>
      path.endsWith("trim_outside") ? [`${line} ${path}: ${message}`] : [],
    );

  test.each(["orphans", "all"])("%s warns that copies are ended only where they are in the way", (outside) => {
    expect(idle(`    trim_outside: ${outside}\n`)).toEqual([
      `8 strategies[0].trim_outside: ${outside} without max_workers: copies are only ended where they keep a worker of PM2's from running; ` +
        "say max_workers to have them trimmed",
    ]);
  });

  test.each([
    ["none is what it is anyway", "    trim_outside: none\n", ""],
    ["with max_workers it is used", "    trim_outside: all\n    max_workers: 1\n", ""],
    ["inherited max_workers count as well", "    trim_outside: all\n", "defaults: {max_workers: 4}\n"],
  ])("says nothing where %s", (_what, extra, top) => {
    expect(idle(extra, top)).toEqual([]);
  });
});

describe("what would trim everything", () => {
  test.each([
    ["max_workers: 0", "max_workers"],
    ["max_workers: -1", "max_workers"],
    ["max_workers: 1.5", "max_workers"],
    ["max_workers: all", "max_workers"],
    ["max_workers: 10001", "max_workers"],
    ["trim_outside: everything", "trim_outside"],
    ["trim_outside: true", "trim_outside"],
    ["advanced: {trim_after_seconds: -1}", "trim_after_seconds"],
    ["advanced: {trim_after_seconds: 25h}", "trim_after_seconds"],
  ])("%s is refused, and nothing of the file is used", (line, where) => {
    const outcome = loadConfig(small(`    ${line}\n`), { file: "h.yaml", env: {} });
    expect(outcome).toMatchObject({ ok: false, error: { problems: [{ path: expect.stringContaining(where) as string, line: 8 }] } });
  });
});
