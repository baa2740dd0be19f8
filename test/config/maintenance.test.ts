import { describe, expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { diffConfigs } from "../../src/config/diff.ts";
import { configSchema } from "../../src/config/json-schema.ts";
import { showConfig } from "../../src/config/show.ts";
import { loaded, mistakes, small } from "./loaded.ts";

const BERLIN = 'cron: "0 2 * * 0", for: 2h, tz: Europe/Berlin';

function windows(...blocks: readonly string[]): string {
  return small("", `maintenance: [${blocks.map((block) => `{${block}}`).join(", ")}]\n`);
}

/** Whether the only window is open at an instant, and until when. */
function openAt(block: string, iso: string): string | null {
  return loaded(windows(block)).policy.maintenance[0]?.openAt(Date.parse(iso))?.until ?? null;
}

describe("a window is open", () => {
  test.each([
    ["2026-11-29T00:59:59.999Z", null],
    ["2026-11-29T01:00:00.000Z", "2026-11-29 04:00 Europe/Berlin"],
    ["2026-11-29T02:59:59.999Z", "2026-11-29 04:00 Europe/Berlin"],
    ["2026-11-29T03:00:00.000Z", null],
  ])("from its opening on and no longer than its time: %s → %s", (iso, until) => {
    expect(openAt(BERLIN, iso)).toBe(until);
  });

  test("in whatever order it is asked, as when a clock is set", () => {
    const [window] = loaded(windows(BERLIN)).policy.maintenance;
    const asked = ["2026-11-29T02:00:00Z", "2026-11-28T12:00:00Z", "2026-11-29T02:59:00Z", "2027-01-01T00:00:00Z", "2026-11-22T01:30:00Z"];
    expect(asked.map((iso) => window?.openAt(Date.parse(iso))?.until ?? null)).toEqual([
      "2026-11-29 04:00 Europe/Berlin",
      null,
      "2026-11-29 04:00 Europe/Berlin",
      null,
      "2026-11-22 04:00 Europe/Berlin",
    ]);
  });

  test("from the end of the hour that summer time leaves out, where it would begin within that", () => {
    expect(openAt(BERLIN, "2026-03-29T00:59:59Z")).toBeNull();
    expect(openAt(BERLIN, "2026-03-29T01:00:00Z")).toBe("2026-03-29 05:00 Europe/Berlin");
    expect(openAt('cron: "30 2,14 * * *", for: 1h, tz: Europe/Berlin', "2026-03-29T01:00:00Z")).not.toBeNull();
  });

  test("once where the hour comes twice, and for as long as was said", () => {
    const block = 'cron: "30 2 * * *", for: 30m, tz: Europe/Berlin';
    expect(openAt(block, "2026-10-25T00:30:00Z")).toBe("2026-10-25 02:00 Europe/Berlin");
    expect(openAt(block, "2026-10-25T01:30:00Z")).toBeNull();
  });

  test("without a break where one opening runs into the next", () => {
    const block = 'cron: "0 1,2 * * *", for: 90m, tz: UTC';
    expect(openAt(block, "2026-05-01T01:10:00Z")).toBe("2026-05-01 03:30 UTC");
    expect(openAt(block, "2026-05-01T03:30:00Z")).toBeNull();
  });

  test("in the time zone of the machine unless it says one", () => {
    const here = new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
    expect(loaded(windows('cron: "0 2 * * *", for: 2h')).policy.maintenance[0]?.label).toBe(`daily 02:00–04:00 ${here}`);
  });
});

test.each([
  ["0 2 * * 0", "2h", "Sundays 02:00–04:00 UTC"],
  ["30 23 * * 1-5", "1h", "Mondays to Fridays 23:30–00:30 UTC"],
  ["0 6 * * sat,SUN", "24h", "Saturdays, Sundays 06:00–06:00 UTC"],
  ["15 4 * * *", "45m", "daily 04:15–05:00 UTC"],
  ["0 2 1 * *", "2h", 'cron "0 2 1 * *" for 2h UTC'],
  ["*/30  8 * * *", "10m", 'cron "*/30 8 * * *" for 10m UTC'],
  ["0 2 * * 0", "26h", 'cron "0 2 * * 0" for 1d2h UTC'],
  ["@weekly", "1h", 'cron "@weekly" for 1h UTC'],
])("%s for %s is called %s", (cron, length, label) => {
  expect(loaded(windows(`cron: "${cron}", for: ${length}, tz: UTC`)).policy.maintenance[0]?.label).toBe(label);
});

describe("refused, with the reason:", () => {
  test.each([
    [
      "a time zone that does not exist",
      'cron: "0 2 * * 0", for: 2h, tz: Europe/Berln',
      "maintenance[0].tz: expected a time zone such as Europe/Berlin or UTC (did you mean Europe/Berlin?), received Europe/Berln",
    ],
    ["a city alone", 'cron: "0 2 * * 0", for: 2h, tz: new york', "(did you mean America/New_York?), received new york"],
    ["an empty time zone", 'cron: "0 2 * * 0", for: 2h, tz: ""', "maintenance[0].tz: expected a time zone"],
    [
      "four fields",
      'cron: "0 2 * *", for: 2h',
      '3:22 maintenance[0].cron: expected five fields, minute hour day month weekday, such as "0 2 * * 0": it has 4, received 0 2 * *',
    ],
    ["seconds", 'cron: "0 0 2 * * 0", for: 2h', "it has six; seconds do not exist here"],
    ["an hour that does not exist", 'cron: "0 24 * * 0", for: 2h', 'such as "0 2 * * 0": invalid value for hour: 24'],
    ["words", 'cron: "every sunday at two please", for: 2h', "maintenance[0].cron: expected five fields"],
    ["a date", 'cron: "2026-01-01T00:00:00", for: 2h', "it has 1"],
    ["a restart", 'cron: "@reboot", for: 2h', "it has 1"],
    ["a day that never comes", 'cron: "0 2 30 2 *", for: 2h', "maintenance[0].cron: never opens: there is no such day"],
    ["no length", 'cron: "0 2 * * 0"', "maintenance[0].for: is missing"],
    ["no time at all", 'cron: "0 2 * * 0", for: 0', "maintenance[0].for: expected a duration from 1m to 7d, received 0"],
    ["a length in milliseconds", 'cron: "0 2 * * 0", for: 7200000', "(did you mean 2h?)"],
    [
      "longer than its period",
      'cron: "0 2 * * *", for: 25h',
      "3:40 maintenance[0].for: never closes: it opens again before it is over, on and on, and nothing would ever be healed, received 25h",
    ],
    ["exactly as long as its period", 'cron: "0 * * * *", for: 1h', "never closes"],
    ["every minute", 'cron: "* * * * *", for: 1m', "never closes"],
    ["an unknown key", 'cron: "0 2 * * 0", for: 2h, timezone: UTC', "maintenance[0].timezone: unknown key"],
  ])("%s", (_, block, told) => {
    const found = mistakes(windows(block));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(told);
  });

  test("in defaults, with the place where it belongs", () => {
    const found = mistakes(small("", `defaults: {maintenance: [{${BERLIN}}]}\n`));
    expect(found[0]).toContain("does not belong here: write it under the top of the file, for everybody, or in a strategy");
  });

  test("more of them than anybody can oversee", () => {
    expect(mistakes(windows(...Array.from({ length: 21 }, () => BERLIN)))[0]).toContain(
      "maintenance: expected at most 20 maintenance windows",
    );
  });

  test("a wrong time zone and a wrong cron entry, both at once", () => {
    expect(mistakes(windows('cron: "0 99 * * 0", for: 2h, tz: Berln'))).toHaveLength(2);
  });
});

test("a strategy's windows are its own, and everybody's stand at the top", () => {
  const text = `${windows(BERLIN)}    maintenance: [{cron: "0 4 * * 1", for: 1h, tz: UTC}]\n`;
  const { policy } = loaded(text);
  expect(policy.maintenance.map(({ label }) => label)).toEqual(["Sundays 02:00–04:00 Europe/Berlin"]);
  expect(policy.strategies[0]?.maintenance.map(({ label }) => label)).toEqual(["Mondays 04:00–05:00 UTC"]);
});

test("config show, the difference of an edit and the JSON Schema know them", () => {
  const [before, after] = [loaded(small()), loaded(windows(BERLIN))];
  expect(showConfig(before, null)).toMatch(/^maintenance: none +# built-in$/m);
  expect(showConfig(after, null)).toMatch(/^maintenance: Sundays 02:00–04:00 Europe\/Berlin +# h\.yaml:3$/m);
  expect(diffConfigs(before, after)).toEqual(["maintenance: none → Sundays 02:00–04:00 Europe/Berlin"]);
  expect(JSON.stringify(configSchema())).toContain("the time zone its times are in");
});

test("check says what is open now, and when each opens next", () => {
  const text = `${windows(BERLIN)}    maintenance: [{cron: "0 4 * * 1", for: 1h, tz: UTC}]\n`;
  const report = (iso: string): string => checkReport(loaded(text), null, { wallMs: Date.parse(iso) }).text;
  expect(report("2026-11-25T21:00:00Z")).toContain(
    "  maintenance  Sundays 02:00–04:00 Europe/Berlin, next 2026-11-29 02:00 Europe/Berlin\n",
  );
  expect(report("2026-11-25T21:00:00Z")).toContain("  maintenance  Mondays 04:00–05:00 UTC, next 2026-11-30 04:00 UTC");
  expect(report("2026-11-29T02:00:00Z")).toContain(
    "  maintenance  Sundays 02:00–04:00 Europe/Berlin, open now until 2026-11-29 04:00 Europe/Berlin\n",
  );
});
