import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOG_EVENTS } from "../../src/core/log-record.ts";
import { formatHuman, formatLine, parseLine } from "../../src/record/heal-line.ts";
import { sealedRecord } from "../support/log-records.ts";

const STEERS_TERMINAL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/; // oxlint-disable-line no-control-regex

describe("a line of the heal log", () => {
  test("has the documented fields in the documented order, then what the event adds", () => {
    const line = formatLine(
      sealedRecord({
        more: { verdict: "failed", streak: 2 },
        pid: 4711,
        pm_id: 3,
        instance: "0",
        app: "rpa-worker",
        heal_id: "h-1",
      }),
    );
    expect(line).toBe(
      '{"ts":"2026-11-22T03:12:45.678Z","level":"info","event":"symptom","target":"rpa-worker:0","strategy":"rpa","reason":"63 % of the last 58 tasks",' +
        '"heal_id":"h-1","app":"rpa-worker","instance":"0","pm_id":3,"pid":4711,"host":"box","config":"abc123","v":1,"verdict":"failed","streak":2}',
    );
  });

  test("leaves out what the record does not have, and says null where there is no strategy", () => {
    expect(Object.keys(JSON.parse(formatLine(sealedRecord({ strategy: null }))) as object)).toEqual(
      ["ts", "level", "event", "target", "strategy", "reason", "host", "config", "v"], // prettier-ignore
    );
  });

  test("never lets what an event adds overwrite a fixed field", () => {
    expect(JSON.parse(formatLine(sealedRecord({ more: { target: "other", pid: 1 } })))).toMatchObject({
      target: "rpa-worker:0",
      more_target: "other",
      more_pid: 1,
    });
  });

  test("reads back as the record it was, whatever the texts hold, and is one line that steers no terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.jsonValue(), (target, reason, value) => {
        const record = sealedRecord({ target, reason, more: { value: JSON.parse(JSON.stringify(value)) as never } });
        const line = formatLine(record);
        expect(parseLine(line)).toEqual(record);
        expect(line).not.toMatch(STEERS_TERMINAL);
      }),
    );
  });

  test.each([
    ["torn", '{"ts":"2026-11-22T03:12:45.678Z","level":"in'],
    ["empty", ""],
    ["a list", "[]"],
    ["of another version", formatLine(sealedRecord()).replace('"v":1', '"v":2')],
    ["with an unknown event", formatLine(sealedRecord()).replace('"symptom"', '"séance"')],
    ["with a number for a text", formatLine(sealedRecord()).replace('"host":"box"', '"host":7')],
    ["with a text for a number", formatLine(sealedRecord({ pid: 1 })).replace('"pid":1', '"pid":"1"')],
  ])("that is %s is none", (_, line) => {
    expect(parseLine(line)).toBeNull();
  });
});

describe("the line a person reads", () => {
  test("says when (local time), what, whose and why, and the heal it belongs to", () => {
    const at = new Date(2026, 10, 22, 3, 5, 9); // wherever the reader lives
    const record = sealedRecord({
      ts: at.toISOString(),
      level: "error",
      event: "circuit_open",
      reason: "3 heals in a row did not help",
      heal_id: "h-1",
    });
    expect(formatHuman(record)).toBe("2026-11-22 03:05:09 !! circuit_open       rpa-worker:0: 3 heals in a row did not help [h-1]");
  });

  test("is one line that steers no terminal, whatever a watched program put into it", () => {
    const reason = "bad\u001b[2J\u001b]0;owned\u0007\nheal_verdict recovered \u009b31m\u202e\r";
    const line = formatHuman(sealedRecord({ reason, target: "a\u001b[31m:0" }));
    expect(line).not.toMatch(STEERS_TERMINAL);
    expect(line).toContain("bad\\x1b[2J\\x1b]0;owned\\x07\\nheal_verdict recovered \\x9b31m\\u202e\\x0d");
  });

  test("leaves letters of all languages alone", () => {
    expect(formatHuman(sealedRecord({ reason: "Ärger – 日本語 🙂 été" }))).toContain("Ärger – 日本語 🙂 été");
  });

  test.each(LOG_EVENTS)("keeps the columns apart for %s", (event) => {
    expect(formatHuman(sealedRecord({ event }))).toMatch(new RegExp(`${event} +rpa-worker:0: `));
  });
});
