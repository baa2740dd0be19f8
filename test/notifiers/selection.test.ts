import { describe, expect, test } from "vitest";
import { LOG_EVENTS, PAGE_EVENTS } from "../../src/core/log-record.ts";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import { selection, selects } from "../../src/notifiers/selection.ts";
import { sealedRecord } from "../support/log-records.ts";

const wants = (on: unknown, record: SealedRecord): boolean => selects(selection.parse(on), record);

describe("which records a notifier wants", () => {
  const wanted = (on: unknown): string[] => LOG_EVENTS.filter((event) => wants(on, sealedRecord({ event, level: "error" })));

  test("an alert wakes nobody unless it is an error", () => {
    expect(wants("pages", sealedRecord({ event: "alert", level: "warn" }))).toBe(false);
  });

  test.each<[string, unknown, readonly string[]]>([
    ["left out, what wakes a person", undefined, PAGE_EVENTS],
    ["pages, what wakes a person", "pages", PAGE_EVENTS],
    ["all, everything but its own troubles", "all", LOG_EVENTS.filter((event) => event !== "notify_failed")],
    ["one event, that event", "hold", ["hold"]],
    ["a list, each of it", ["hold", "trim", "notify_failed"], ["hold", "trim", "notify_failed"]],
    ["pages and an event, both", ["pages", "paused"], ["paused", ...PAGE_EVENTS]],
  ])("with `on` %s", (_, on, expected) => {
    expect(wanted(on).toSorted()).toEqual([...expected].toSorted());
  });

  test.each([
    ["heal_verdict:failed", "failed", true],
    ["heal_verdict:failed", "recovered", false],
    ["heal_verdict", "recovered", true],
    [["pages", "heal_verdict:inconclusive"], "inconclusive", true],
  ])("with `on: %s` a verdict of %s is wanted: %s", (on, verdict, expected) => {
    expect(wants(on, sealedRecord({ event: "heal_verdict", more: { verdict } }))).toBe(expected);
  });

  test("a verdict in another event does not count", () => {
    expect(wants("heal_verdict:failed", sealedRecord({ event: "symptom", more: { verdict: "failed" } }))).toBe(false);
  });
});
