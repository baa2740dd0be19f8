import { expect, test } from "vitest";
import { QUIET_HOURS, quietEnd } from "../../src/notifiers/quiet-hours.ts";

const at = (iso: string): number => Date.parse(iso);

test.each([
  ["22:00", "07:00", "Europe/Berlin", "2026-11-26T20:59:59Z", null],
  ["22:00", "07:00", "Europe/Berlin", "2026-11-26T21:00:00Z", "2026-11-27T06:00:00Z"],
  ["22:00", "07:00", "Europe/Berlin", "2026-11-27T05:59:59Z", "2026-11-27T06:00:00Z"],
  ["22:00", "07:00", "Europe/Berlin", "2026-11-27T06:00:00Z", null],
  ["22:00", "07:00", "Europe/Berlin", "2026-07-27T04:30:00Z", "2026-07-27T05:00:00Z"],
  ["12:00", "13:30", "UTC", "2026-11-26T12:15:30Z", "2026-11-26T13:30:00Z"],
  ["12:00", "13:30", "UTC", "2026-11-26T13:30:00Z", null],
])("from %s to %s in %s, %s ends at %s", (from, to, tz, now, end) => {
  expect(quietEnd(QUIET_HOURS.parse({ from, to, tz }))(at(now))).toBe(end === null ? null : at(end));
});

test.each([
  [{ from: "22", to: "07:00" }, "from", 'expected a time of day such as "22:00"'],
  [{ from: "22:00", to: "24:00" }, "to", 'expected a time of day such as "22:00"'],
  [{ from: "22:00", to: "22:00" }, "to", "expected another time than from"],
  [{ from: "22:00", to: "07:00", tz: "Berlin" }, "tz", "expected a time zone such as Europe/Berlin or UTC"],
])("%j is refused", (block, key, message) => {
  const parsed = QUIET_HOURS.safeParse(block);
  expect(parsed.error?.issues.map(({ path, message: said }) => [path.join("."), said])).toEqual([[key, message]]);
});
