import { expect, onTestFinished, test, vi } from "vitest";
import { Pm2Watch } from "../../src/daemon/pm2-watch.ts";
import type { Pm2Status } from "../../src/core/worker-row.ts";
import { GONE, MemoryPm2 } from "../support/memory-pm2.ts";

function steady(): { pm2: MemoryPm2; watch: Pm2Watch } {
  const pm2 = new MemoryPm2();
  pm2.rows.add("app");
  return { pm2, watch: new Pm2Watch(pm2) };
}

/** Reads as many turns, 2 s apart, and answers which of them listed. */
async function turns(watch: Pm2Watch, count: number, fromMs = 0): Promise<readonly boolean[]> {
  const listed: boolean[] = [];
  for (let turn = 0; turn < count; turn++) listed.push((await watch.read(fromMs + turn * 2_000)) !== null);
  return listed;
}

test("lists at first sight, and then not until 15 s have passed", async () => {
  const { watch } = steady();
  expect(await turns(watch, 9)).toEqual([true, false, false, false, false, false, false, false, true]);
});

test("lists as often as who lives on the list needs it, and never more seldom than every 15 s", async () => {
  const { watch } = steady();
  watch.serve([{}, { listEveryMs: 5_000 }, { listEveryMs: 60_000 }]);
  expect(await turns(watch, 7)).toEqual([true, false, false, true, false, false, true]);
  watch.serve([{}]);
  expect(await turns(watch, 8, 14_000)).toEqual([false, false, false, false, false, false, false, true]);
});

test("asks them each time how often that is", async () => {
  const { watch } = steady();
  const sensor: { listEveryMs: number | undefined } = { listEveryMs: 4_000 };
  watch.serve([sensor]);
  expect(await turns(watch, 3)).toEqual([true, false, true]);
  sensor.listEveryMs = undefined;
  expect(await turns(watch, 3, 6_000)).toEqual([false, false, false]);
});

test("lists once after any hint, and thinks a death alone worth a turn", async () => {
  const { watch } = steady();
  await watch.read(0);
  const kinds = ["exit", "errored", "online", "start", "stop", "restart", "other", "daemon-killed", "bus-lost", "bus-back"] as const;
  for (const [index, kind] of kinds.entries()) {
    expect(watch.hint({ kind, pmId: 0 })).toBe(kind === "exit" || kind === "errored");
    expect(await turns(watch, 2, 100 * index)).toEqual([true, false]);
  }
});

test("a hint that comes while a list is under way asks for another one", async () => {
  const { pm2, watch } = steady();
  const release = pm2.hang();
  const reading = watch.read(0);
  watch.hint({ kind: "online", pmId: 0 });
  release();
  await reading;
  expect(await turns(watch, 2, 100)).toEqual([true, false]);
});

test("without the bus every turn lists", async () => {
  const { pm2, watch } = steady();
  pm2.busConnected = false;
  expect(await turns(watch, 3)).toEqual([true, true, true]);
});

test("asked to look again, it does so once", async () => {
  const { watch } = steady();
  await watch.read(0);
  watch.lookAgain();
  expect([watch.isDue(0), await turns(watch, 2, 100)]).toEqual([true, [true, false]]);
});

test.each<[Pm2Status, number | null, boolean]>([
  ["online", 7, false],
  ["stopped", null, false],
  ["errored", null, false],
  ["online", null, true],
  ["stopped", 7, true],
  ["launching", 7, true],
  ["stopping", 7, true],
  ["waiting restart", null, true],
  ["unknown", null, true],
])("a row that is %s with pid %s keeps it listing: %s", async (status, pid, isRestless) => {
  const { pm2, watch } = steady();
  pm2.rows.add("other", { status, pid });
  await watch.read(0);
  expect(await turns(watch, 3, 2_000)).toEqual([isRestless, isRestless, isRestless]);
});

test("a PM2 that is away is asked every turn, and says why each time", async () => {
  const { pm2, watch } = steady();
  for (let turn = 0; turn < 3; turn++) pm2.failures.push({ name: "list", error: GONE });
  expect([await watch.read(0), await watch.read(2_000), await watch.read(4_000)]).toEqual(Array(3).fill(GONE.message));
  expect(await watch.read(6_000)).toMatchObject({ generation: "generation-1" });
});

test("is patient for as long as two lists usually take, and with the first list for as long as it takes", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const { pm2, watch } = steady();
  pm2.busConnected = false;
  const list = async (tookMs: number): Promise<void> => {
    const release = pm2.hang();
    const reading = watch.read(0);
    vi.advanceTimersByTime(tookMs);
    release();
    await reading;
  };
  expect(watch.patienceMs).toBeGreaterThan(10_000);
  for (let round = 0; round < 40; round++) await list(8);
  for (let round = 0; round < 20; round++) await list(50); // a flood of ten seconds
  expect(watch.patienceMs).toBe(16);
  for (let round = 0; round < 40; round++) {
    pm2.failures.push({ name: "list", error: GONE });
    await list(0);
  }
  expect(watch.patienceMs, "who is not there answers at once").toBe(16);
  for (let round = 0; round < 40; round++) await list(50); // it has become the way things are
  expect(watch.patienceMs).toBe(100);
});
