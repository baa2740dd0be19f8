import { describe, expect, test } from "vitest";
import type { LogRecord } from "../../../src/core/log-record.ts";
import { admit } from "../../../src/daemon/notify/admit.ts";
import { applyChange, emptyOutbox } from "../../../src/record/outbox-state.ts";
import { sealedRecord, WALL_MS } from "../../support/log-records.ts";

/** What a channel is told of a story, one line after another. */
function told(
  on: "pages" | "all",
  story: readonly (Partial<LogRecord> & { readonly lost?: boolean; readonly afterMs?: number })[],
  startedMs = 0,
): string[] {
  const state = emptyOutbox();
  return story.flatMap(({ lost = false, afterMs = 0, ...record }, index) => {
    const sealed = sealedRecord({ level: "error", ...record, ts: new Date(WALL_MS + afterMs).toISOString() });
    const entry = admit({ id: `e${index}`, record: sealed, quiet: true }, { on, startedMs }, state);
    if (entry === null) return [];
    applyChange(state, { op: "add", entry });
    if (lost) applyChange(state, { op: "lost", ids: [entry.id], why: "refused" });
    return [`${entry.record.event}${entry.urgent ? "!" : ""}${entry.resolved ? " over" : ""} [${entry.incidentKey}]`];
  });
}

describe("an incident", () => {
  test("is told once, and its end to who was told of it, as urgently", () => {
    const story = told("pages", [
      { event: "circuit_open" },
      { event: "circuit_half_open" },
      { event: "circuit_open" },
      { event: "circuit_closed" },
    ]);
    expect(story).toEqual(["circuit_open! [box circuit rpa-worker:0]", "circuit_closed! over [box circuit rpa-worker:0]"]);
  });

  test.each([
    ["incident_open", "incident_closed", "incident"],
    ["pm2_lost", "pm2_back", "pm2"],
    ["circuit_open", "target_gone", "circuit"],
  ] as const)("%s is over with %s", (opens, closes, trouble) => {
    expect(told("pages", [{ event: closes }, { event: opens }, { event: closes }, { event: closes }])).toEqual([
      `${opens}! [box ${trouble} rpa-worker:0]`,
      `${closes}! over [box ${trouble} rpa-worker:0]`,
    ]);
  });

  test("of the machine begins as an alert and is over with pressure_over", () => {
    const target = "host:memory";
    expect(
      told("pages", [
        { event: "alert", target },
        { event: "pressure_over", target, level: "info" },
      ]),
    ).toEqual(["alert! [box pressure host:memory]", "pressure_over! over [box pressure host:memory]"]);
  });

  test("of a sensor wakes a person when it has lasted, though its beginning was told", () => {
    const about = { target: "probe", more: { sensor: "probe" } };
    const story = told("all", [
      { event: "sensor_blind", ...about },
      { event: "alert", ...about },
      { event: "sensor_back", ...about },
    ]);
    expect(story).toEqual(["sensor_blind [box sensor probe]", "alert! [box sensor probe]", "sensor_back! over [box sensor probe]"]);
  });

  test.each([
    ["pm2_lost", ["pm2_lost", "pm2_lost", "pm2_back"]],
    ["circuit_open", ["circuit_open"]],
  ] as const)("%s is told again by the next healer only where the core does not remember it", (event, expected) => {
    const between = WALL_MS + 1;
    const story = told("pages", [{ event }, { event, afterMs: 2 }, { event, afterMs: 3 }, { event: "pm2_back", afterMs: 4 }], between);
    expect(story.map((line) => line.split("!")[0])).toEqual(expected);
  });

  test("of two workers is two", () => {
    const two = told("pages", [{ event: "circuit_open" }, { event: "circuit_open", target: "rpa-worker:1" }]);
    expect(two).toHaveLength(2);
  });

  test("whose opening could not be told is told when it opens again", () => {
    expect(told("pages", [{ event: "circuit_open", lost: true }, { event: "circuit_closed" }, { event: "circuit_open" }])).toEqual([
      "circuit_open! [box circuit rpa-worker:0]",
      "circuit_open! [box circuit rpa-worker:0]",
    ]);
  });

  test("whose end was missed does not keep a page back for ever", () => {
    const day = 24 * 3_600_000;
    expect(
      told("pages", [{ event: "circuit_open" }, { event: "circuit_open", afterMs: day - 1 }, { event: "circuit_open", afterMs: day }]),
    ).toHaveLength(2);
  });
});

test("what begins and ends nothing has its own id as key, and is told each time", () => {
  expect(told("all", [{ event: "config_rejected" }, { event: "config_rejected" }, { event: "hold" }])).toEqual([
    "config_rejected! [e0]",
    "config_rejected! [e1]",
    "hold [e2]",
  ]);
});
