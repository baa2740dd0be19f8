import { describe, expect, test } from "vitest";
import { nextMessage, type PlanOptions } from "../../../src/daemon/notify/plan.ts";
import { applyChange, emptyOutbox, type OutboxEntry, type OutboxState } from "../../../src/record/outbox-state.ts";
import { sealedRecord, WALL_MS } from "../../support/log-records.ts";

const MINUTE_MS = 60_000;
const CALM: PlanOptions = {
  nowMs: WALL_MS,
  quietEndMs: null,
  quietExceptPages: true,
  groupMs: 5 * MINUTE_MS,
  maxPerHour: 30,
  singly: false,
  lastSentMs: () => null,
};

function entry(id: string, changes: Partial<OutboxEntry> = {}, event: "hold" | "trim" | "escalate" = "hold"): OutboxEntry {
  const record = sealedRecord({ event, target: "w:0" });
  return { id, record, urgent: event === "escalate", quiet: false, incidentKey: id, part: null, resolved: false, ...changes };
}

function waiting(...entries: readonly OutboxEntry[]): OutboxState {
  const state = emptyOutbox();
  for (const one of entries) applyChange(state, { op: "add", entry: one });
  return state;
}

function sentBefore(state: OutboxState, count: number, urgent: boolean, atMs = WALL_MS - 10 * MINUTE_MS): OutboxState {
  for (let number = 0; number < count; number++) applyChange(state, { op: "sent", ids: [], atMs, urgent });
  return state;
}

const planned = (state: OutboxState, options: Partial<PlanOptions> = {}): unknown => {
  const plan = nextMessage(state, { ...CALM, ...options });
  return plan?.send === undefined ? plan : [plan.send.map(({ id }) => id).join(" "), plan.heading];
};

test("nothing waits: nothing is planned", () => {
  expect(planned(waiting())).toBeNull();
});

describe("groups", () => {
  test("the first of its kind goes at once; the next ones wait and go together", () => {
    const state = waiting(entry("a"), entry("b"));
    expect(planned(waiting(entry("a")))).toEqual(["a", null]);
    expect(planned(state, { lastSentMs: () => WALL_MS - MINUTE_MS })).toEqual({ waitMs: 4 * MINUTE_MS });
    expect(planned(state, { lastSentMs: () => WALL_MS - 5 * MINUTE_MS })).toEqual(["a b", "2 messages of one kind: hold w:0"]);
  });

  test("another event does not wait for them, and pages never wait", () => {
    const lastSentMs = ({ record }: OutboxEntry): number | null => (record.event === "trim" ? null : WALL_MS);
    expect(planned(waiting(entry("a"), entry("b", {}, "trim")), { lastSentMs })).toEqual(["b", null]);
    expect(planned(waiting(entry("a"), entry("p", {}, "escalate"), entry("q", {}, "escalate")), { lastSentMs })).toEqual(["p", null]);
  });

  test("group: 0 sends each by itself", () => {
    expect(planned(waiting(entry("a"), entry("b")), { groupMs: 0, lastSentMs: () => WALL_MS })).toEqual(["a", null]);
  });
});

describe("quiet hours", () => {
  const quietEndMs = WALL_MS + 90 * MINUTE_MS;

  test("hold everything back but pages, or pages too", () => {
    const state = waiting(entry("a"), entry("p", {}, "escalate"));
    expect(planned(state, { quietEndMs })).toEqual(["p", null]);
    expect(planned(state, { quietEndMs, quietExceptPages: false })).toEqual({ waitMs: 90 * MINUTE_MS });
  });

  test("end with one message of all that came in meanwhile", () => {
    const told = [entry("a", { quiet: true }), entry("b", { quiet: true }, "trim"), entry("c", {}, "trim")];
    expect(planned(waiting(...told))).toEqual(["a b", "2 messages of the quiet hours"]);
    const page = entry("p", { quiet: true }, "escalate");
    expect(planned(waiting(...told, page), { quietExceptPages: false })).toEqual(["a b p", "3 messages of the quiet hours"]);
    expect(planned(waiting(page, ...told))).toEqual(["p", null]);
  });
});

describe("the limit of an hour", () => {
  test("the last message that fits holds all that waits, and says that more is held back", () => {
    const state = sentBefore(waiting(entry("a"), entry("b", {}, "trim")), 29, false);
    expect(planned(state)).toEqual([
      "a b",
      "2 messages, the last before the limit of 30 an hour is reached: further ones wait until 04:02:45Z; all of them stand in healer log",
    ]);
  });

  test("beyond it nothing goes until an hour after the first; pages are counted apart", () => {
    const state = sentBefore(waiting(entry("a"), entry("p", {}, "escalate")), 30, false);
    expect(planned(state)).toEqual(["p", null]);
    expect(planned(sentBefore(waiting(entry("a")), 30, false))).toEqual({ waitMs: 50 * MINUTE_MS });
  });

  test("a storm of pages ends as one message, too", () => {
    const pages = Array.from({ length: 31 }, (_, number) => entry(`p${number}`, {}, "escalate"));
    const ids = pages.map(({ id }) => id).join(" ");
    expect(planned(waiting(...pages))).toEqual([ids, "31 messages at once; the limit is 30 an hour"]);
  });

  test("what was sent an hour ago, or in a future that the clock was set back from, does not count", () => {
    for (const atMs of [WALL_MS - 60 * MINUTE_MS, WALL_MS + MINUTE_MS])
      expect(planned(sentBefore(waiting(entry("a")), 30, false, atMs))).toEqual(["a", null]);
  });
});

test("a channel that takes no digests gets each by itself, and pages without a limit", () => {
  const state = sentBefore(waiting(entry("a"), entry("b"), entry("p", {}, "escalate")), 30, true);
  expect(planned(state, { singly: true, lastSentMs: () => WALL_MS })).toEqual(["a", null]);
  expect(planned(sentBefore(state, 30, false), { singly: true })).toEqual(["p", null]);
});
