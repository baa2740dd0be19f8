import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatDuration,
  parseBytes,
  parseCorePercent,
  parseDurationMs,
  parseOf,
  parseShare,
  spokenDuration,
} from "../../src/core/quantities.ts";

describe("a duration", () => {
  test.each<[string | number, number]>([
    [180, 180_000],
    ["180", 180_000],
    [0, 0],
    [0.5, 500],
    ["500ms", 500],
    ["90s", 90_000],
    ["3m", 180_000],
    ["1h30m", 5_400_000],
    ["24h", 86_400_000],
    [" 1d ", 86_400_000],
  ])("%j is %d ms", (written, durationMs) => {
    expect(parseDurationMs(written)).toEqual({ ok: true, value: durationMs });
  });

  test.each([-1, "-3m", "", "m", "3 minutes", "3M", "1e3", NaN, Infinity, "99999999h", "3m2"])("%j is refused", (written) => {
    expect(parseDurationMs(written).ok).toBe(false);
  });

  test("is shown so that it can be written back", () => {
    fc.assert(
      fc.property(fc.nat(10 * 365 * 86_400_000), (durationMs) => {
        expect(parseDurationMs(formatDuration(durationMs))).toEqual({ ok: true, value: durationMs });
      }),
    );
  });
});

describe("a size", () => {
  test.each<[string | number, number]>([
    ["512MB", 512 * 1024 ** 2],
    ["512M", 512 * 1024 ** 2],
    ["512 MiB", 512 * 1024 ** 2],
    ["1G", 1024 ** 3],
    ["1.5g", 1.5 * 1024 ** 3],
    [4096, 4096],
  ])("%j is %d bytes", (written, bytes) => {
    expect(parseBytes(written)).toEqual({ ok: true, value: bytes });
  });

  test.each(["", "M", "-1M", "1X", "512 megabytes", "9999999T"])("%j is refused", (written) => {
    expect(parseBytes(written).ok).toBe(false);
  });

  test.each<[number, string]>([
    [100, "100B"],
    [512 * 1024 ** 2, "512MB"],
    [1.5 * 1024 ** 3, "1.5GB"],
  ])("of %d bytes is shown as %s", (bytes, shown) => {
    expect(formatBytes(bytes)).toBe(shown);
  });
});

describe("a share or count", () => {
  test.each<[string | number, object]>([
    ["20%", { percent: 20 }],
    ["12.5 %", { percent: 12.5 }],
    [2, { count: 2 }],
    ["2", { count: 2 }],
  ])("%j is %j", (written, value) => {
    expect(parseShare(written)).toEqual({ ok: true, value });
  });

  test.each([0, 0.2, 1.5, "0%", "101%", "", "all", -1])("%j is refused", (written) => {
    expect(parseShare(written).ok).toBe(false);
  });

  test("0.2 is told what was meant", () => {
    expect(parseShare(0.2)).toMatchObject({ error: expect.stringContaining("did you mean 20%?") as unknown });
  });
});

describe("a share of a core", () => {
  test.each([
    ["95%", 95],
    ["250 %", 250],
    ["0.5%", 0.5],
  ])("%j is %d", (written, value) => {
    expect(parseCorePercent(written)).toEqual({ ok: true, value });
  });

  test.each([
    [95, "did you mean 95%?"],
    ["95", "did you mean 95%?"],
    [0.95, "did you mean 95%?"],
    [2.5, "did you mean 2.5%?"],
    ["", "95%, or 250%"],
    ["all", "95%, or 250%"],
    ["-5%", "95%, or 250%"],
    [0, "95%, or 250%"],
  ])("%j is refused: %s", (written, why) => {
    expect(parseCorePercent(written)).toMatchObject({ ok: false, error: expect.stringContaining(why) as unknown });
  });
});

test.each<[string | number, object | null]>([
  ["3 of 5", { count: 3, of: 5 }],
  ["3/5", { count: 3, of: 5 }],
  [3, { count: 3, of: 3 }],
  ["5 of 3", null],
  ["0 of 3", null],
  ["3 out of 5", null],
  ["3 of 1000", null],
])("%j as a count is %j", (written, value) => {
  expect(parseOf(written)).toEqual(value === null ? expect.objectContaining({ ok: false }) : { ok: true, value });
});

test.each([
  [150, "150 ms"],
  [2_000, "2 s"],
  [5_400_000, "1 h 30 m"],
  [0, "0 s"],
])("%j ms are spoken %s", (durationMs, words) => {
  expect(spokenDuration(durationMs)).toBe(words);
});
