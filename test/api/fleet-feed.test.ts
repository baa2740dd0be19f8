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

test("begins with the whole fleet, then tells what a turn has changed and who is gone", () => {
  const { told, turn, listen } = feed(["a:0", "a:1", "a:2"]);
  listen();
  expect(told).toMatchObject([{ kind: "fleet", status: { targets: [{ id: "a:0" }, { id: "a:1" }, { id: "a:2" }] } }]);
  turn([{ id: "a:0", memory_bytes: 7 }, { id: "a:1" }, { id: "a:3" }]);
  expect(told[1]).toMatchObject({ kind: "turn", changed: [{ id: "a:0", memory_bytes: 7 }, { id: "a:3" }], gone: ["a:2"] });
  expect(told[1]).toHaveProperty("changed.0", { id: "a:0", memory_bytes: 7 });
  expect(told[1]).not.toHaveProperty("rest.targets");
});

test("an uptime that only grew is no change; another process is", () => {
  const { told, turn, listen } = feed(["a:0"]);
  listen();
  turn([{ id: "a:0", uptime_ms: 9_000_000 }]);
  expect(told[1]).toMatchObject({ changed: [] });
  turn([{ id: "a:0", uptime_ms: 5, pid: 202 }]);
  expect(told[2]).toMatchObject({ changed: [{ id: "a:0", uptime_ms: 5, pid: 202 }] });
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
  expect(told.slice(1)).toMatchObject([{ changed: [{ memory_bytes: 1 }] }, { changed: [{ memory_bytes: 2 }] }]);
  expect(late).toMatchObject([{ kind: "fleet", status: { targets: [{ memory_bytes: 1 }] } }, { changed: [{ memory_bytes: 2 }] }]);
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
  expect(told.slice(1)).toMatchObject([{ changed: [{ restarts: 1 }] }, { changed: [{ restarts: 4 }] }]);
});
