import { expect, test } from "vitest";
import { parseTextPattern } from "../../../src/core/text-pattern.ts";
import { createLineCounter, createMatcher, type Matcher } from "../../../src/world/patterns/bounded-match.ts";

const KIB = 1024;

function matcher(written: string, now?: () => number): Matcher {
  const pattern = parseTextPattern(written);
  if (!pattern.ok) throw new Error(pattern.error);
  return createMatcher(pattern.value, now);
}

test.each([
  ["ok", "it is ok", true],
  ["ok", "it is OK", false],
  ["(a+)+$", "(a+)+$", true],
  ["/^ok$/", "ok", true],
  ["/^ok$/", "not ok", false],
  ["/^ok$/m", "first\nok\nlast", true],
  ["/a.c/s", "a\nc", true],
  ["/", "a/b", true],
  ["/x", "/x", true],
])("%s in %j: %j", (written, text, found) => {
  expect(matcher(written)(text)).toEqual({ ok: true, value: found });
});

test("an expression remembers nothing from one text to the next", () => {
  const matches = matcher("/o/");
  expect([matches("o"), matches("o"), matches("x"), matches("o")].map((one) => one.ok && one.value)).toEqual([true, true, false, true]);
});

test.each([
  ["for ever", "/^(a+)+$/", `${"a".repeat(60)}!`],
  ["the square of its length", "/a*b/", "a".repeat(1024 * KIB)],
])("what would take %s is given up, not tried again for a minute, and then as ever", (_what, written, text) => {
  let nowMs = 0;
  const matches = matcher(written, () => nowMs);
  const tooSlow = { ok: false, error: "that takes more than 100 ms" };
  expect(matches(text)).toEqual(tooSlow);
  nowMs = 59_999;
  expect(matches("aab")).toEqual(tooSlow);
  nowMs = 60_000;
  expect(matches("aab")).toMatchObject({ ok: true });
});

function linesWith(written: string, lines: readonly string[]) {
  const pattern = parseTextPattern(written);
  if (!pattern.ok) throw new Error(pattern.error);
  return createLineCounter(pattern.value)(lines);
}

test.each([
  ["ok", ["ok", "not ok", "no"], 2],
  ["/^ok$/", ["ok", "not ok", "ok"], 2],
  ["/ok/", [], 0],
])("%s in the lines %j: %i of them", (written, lines, count) => {
  expect(linesWith(written, lines)).toEqual({ ok: true, value: count });
});

test("one line that would take for ever gives all lines up together; a quarter of a megabyte of honest ones gets through", () => {
  expect(linesWith("/^(a+)+$/", ["aa", `${"a".repeat(60)}!`, "aa"])).toEqual({ ok: false, error: "that takes more than 100 ms" });
  const lines = Array.from({ length: 2_500 }, (_, number) => `2026-11-26 payment ${number} ${"accepted ".repeat(9)}`);
  expect(linesWith("/payment \\d*99 (accepted|lost)/i", lines)).toEqual({ ok: true, value: 25 });
});

test("an honest expression gets through 64 KiB", () => {
  const text = `${"x ".repeat(32 * KIB - 10)}"status" : "ok"`;
  expect(matcher('/"status"\\s*:\\s*"ok"/')(text)).toEqual({ ok: true, value: true });
});
