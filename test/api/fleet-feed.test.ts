import { expect, test, vi } from "vitest";
import { FleetFeed } from "../../src/api/fleet-feed.ts";
import type { FleetMessage } from "../../src/api/fleet-message.ts";
import { daemonStatus, FakeControlPlane, targetStatus } from "../support/fake-control-plane.ts";

function feed(ids: readonly string[]) {
  const plane = new FakeControlPlane();
  const set = (changes: readonly Partial<ReturnType<typeof targetStatus>>[]): void => {
    plane.current = daemonStatus({ targets: changes.map((change) => targetStatus(change)) });
  };
  set(ids.map((id) => ({ id })));
  let nowMs = 1_000_000;
  const fleet = new FleetFeed(plane, () => nowMs);
  const told: FleetMessage[] = [];
  const turn = (change: readonly Partial<ReturnType<typeof targetStatus>>[], afterMs = 1_000): void => {
    nowMs += afterMs;
    set(change);
    plane.turn();
  };
  return { plane, fleet, told, turn, listen: () => fleet.listen((_kind, json) => told.push(JSON.parse(json) as FleetMessage)) };
}

/** What a change of these fields of one target looks like. */
function change(id: string, fields: Readonly<Record<string, unknown>>) {
  return { fields: Object.keys(fields), targets: [[id, ...Object.values(fields)]] };
}

test("begins with the whole fleet, then tells what a turn has changed and who is gone", () => {
  const { told, turn, listen } = feed(["a:0", "a:1", "a:2"]);
  listen();
  expect(told).toMatchObject([{ kind: "fleet", status: { targets: [{ id: "a:0" }, { id: "a:1" }, { id: "a:2" }] } }]);
  turn([{ id: "a:0", memory_bytes: 7 }, { id: "a:1" }, { id: "a:3" }]);
  expect(told[1]).toMatchObject({ kind: "turn", gone: ["a:2"] });
  expect(told[1]).toHaveProperty("changed.0", change("a:0", { memory_bytes: 7 }));
  expect(told[1]).toHaveProperty("changed.1.targets.0.0", "a:3");
  expect(told[1]).toHaveProperty("changed.1.fields", expect.arrayContaining(["id", "state", "uptime_ms", "success.hour.ok"]));
  expect(told[1]).not.toHaveProperty("rest.targets");
});

test("an uptime that only grew is no change; another process is", () => {
  const { told, turn, listen } = feed(["a:0"]);
  listen();
  turn([{ id: "a:0", uptime_ms: 9_000_000 }]);
  expect(told[1]).toMatchObject({ changed: [] });
  turn([{ id: "a:0", uptime_ms: 5, pid: 202 }]);
  expect(told[2]).toMatchObject({ changed: [change("a:0", { pid: 202, uptime_ms: 5 })] });
});

test("nobody's looking costs nothing, and who comes later hears what the others know", () => {
  const { plane, fleet, told, turn, listen } = feed(["a:0"]);
  const status = vi.spyOn(plane, "status");
  turn([{ id: "a:0" }]);
  expect(status).not.toHaveBeenCalled();
  const stop = listen();
  plane.current = daemonStatus({ targets: [targetStatus({ id: "a:0", memory_bytes: 1 })] });
  const late: FleetMessage[] = [];
  fleet.listen((_kind, json) => late.push(JSON.parse(json) as FleetMessage));
  turn([{ id: "a:0", memory_bytes: 2 }]);
  expect(told.slice(1)).toMatchObject([
    { changed: [change("a:0", { memory_bytes: 1 })] },
    { changed: [change("a:0", { memory_bytes: 2 })] },
  ]);
  expect(late).toMatchObject([
    { kind: "fleet", status: { targets: [{ memory_bytes: 1 }] } },
    { changed: [change("a:0", { memory_bytes: 2 })] },
  ]);
  stop();
  turn([{ id: "a:0", memory_bytes: 3 }]);
  expect(told).toHaveLength(3);
});

test("turns in a crowd are told as one", async () => {
  vi.useFakeTimers();
  const { told, turn, listen } = feed(["a:0"]);
  listen();
  turn([{ id: "a:0", restarts: 1 }]);
  for (const restarts of [2, 3, 4]) turn([{ id: "a:0", restarts }], 25);
  await vi.advanceTimersByTimeAsync(300);
  vi.useRealTimers();
  expect(told.slice(1)).toMatchObject([{ changed: [change("a:0", { restarts: 1 })] }, { changed: [change("a:0", { restarts: 4 })] }]);
});

test("workers with the same fields changed stand together", () => {
  const { told, turn, listen } = feed(["a:0", "a:1", "a:2"]);
  listen();
  turn([
    { id: "a:0", memory_bytes: 7, restarts: 1 },
    { id: "a:1", memory_bytes: 8 },
    { id: "a:2", memory_bytes: 9 },
  ]);
  expect(told[1]).toMatchObject({
    changed: [
      change("a:0", { restarts: 1, memory_bytes: 7 }),
      {
        fields: ["memory_bytes"],
        targets: [
          ["a:1", 8],
          ["a:2", 9],
        ],
      },
    ],
  });
});

test("of a success rate the figures that are other now; of one that was unknown all, of one unknown now that", () => {
  const { told, turn, listen } = feed(["a:0"]);
  const rate = { ok: 193, failed: 19, rate: 193 / 212, low: 0.865, high: 0.942 };
  listen();
  turn([{ id: "a:0", success: { hour: { ...rate, ok: 194 }, day: rate } }]);
  turn([{ id: "a:0", success: { hour: null, day: rate } }]);
  expect(told[1]).toMatchObject({
    changed: [
      change("a:0", {
        "success.hour.ok": 194,
        "success.day.ok": 193,
        "success.day.failed": 19,
        "success.day.rate": 0.9104,
        "success.day.low": 0.865,
        "success.day.high": 0.942,
      }),
    ],
  });
  expect(told[2]).toMatchObject({ changed: [change("a:0", { "success.hour": null })] });
});

test("an object written anew in place is a change", () => {
  const { told, turn, listen } = feed(["a:0"]);
  const causes = { byCause: { memory_limit: 1 } };
  const last = causes as unknown as NonNullable<ReturnType<typeof targetStatus>["restart_causes"]>;
  turn([{ id: "a:0", restart_causes: last }]);
  listen();
  causes.byCause.memory_limit = 2;
  turn([{ id: "a:0", restart_causes: last }]);
  expect(told[1]).toMatchObject({ changed: [change("a:0", { restart_causes: { byCause: { memory_limit: 2 } } })] });
});

test("another configuration is told as a whole fleet: it can take fields away", () => {
  const { plane, told, turn, listen } = feed(["a:0"]);
  listen();
  const { config } = plane.current;
  turn([{ id: "a:0", memory_bytes: 7 }]);
  plane.current = daemonStatus({ targets: [targetStatus({ id: "a:0" })], config: { ...config, hash: "another" } });
  vi.useFakeTimers();
  plane.turn();
  vi.advanceTimersByTime(300);
  vi.useRealTimers();
  expect(told.map(({ kind }) => kind)).toEqual(["fleet", "turn", "fleet"]);
});
