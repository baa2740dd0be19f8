import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createHealer } from "../../src/worker/healer.ts";
import { workerHost } from "../support/worker-host.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** As if so long had passed; promises of messages under way settle in between. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("under PM2, counts and heartbeats", () => {
  test("go out as one metric of PM2's, which says whose it is and reads well in pm2 describe", async () => {
    const host = workerHost();
    const healer = createHealer(host, {});
    healer.succeeded();
    healer.failed(new RangeError("password=hush"));
    await pass(1);
    expect(host.sent).toEqual([
      {
        type: "axm:monitor",
        data: { healer: expect.objectContaining({ v: 1, pid: 4242, ok: 1, failed: 1, beats: 1 }) as unknown },
      },
    ]);
    expect(host.reports()[0]?.["value"]).toMatch(/^1 ok, 1 failed \(last: RangeError\)/);
    expect(JSON.stringify(host.sent)).not.toContain("hush");
    healer.close();
  });

  test("make one message a second at most, however many tasks there are, and lose none", async () => {
    const host = workerHost();
    const healer = createHealer(host, {});
    for (let ms = 0; ms < 10_000; ms += 10) {
      for (let task = 0; task < 50; task++) healer.succeeded();
      await pass(10);
    }
    await pass(1000);
    expect(host.sent.length).toBeGreaterThanOrEqual(10);
    expect(host.sent.length).toBeLessThanOrEqual(12);
    expect(host.reports().at(-1)).toMatchObject({ ok: 50_000, failed: 0 });
    healer.close();
  });

  test("beat every five seconds while nothing is done, and at once when asked", async () => {
    const host = workerHost();
    const healer = createHealer(host, {});
    await pass(20_500);
    expect(host.reports().map(({ beats }) => beats)).toEqual([1, 2, 3, 4, 5]);
    healer.heartbeat();
    await pass(1000);
    expect(host.reports().at(-1)).toMatchObject({ beats: 6 });
    healer.close();
  });

  test("wait while a message is under way, so that nothing queues up where nobody reads", async () => {
    const host = workerHost();
    let release = (): void => {};
    host.answer = (callback) => (release = () => callback(null));
    const healer = createHealer(host, {});
    for (let second = 0; second < 30; second++) {
      healer.succeeded();
      await pass(1000);
    }
    expect(host.sent).toHaveLength(1);
    release();
    await pass(1);
    expect(host.reports().at(-1)).toMatchObject({ ok: 30 });
    healer.close();
  });

  test("come seldom while sending fails, and whole when it works again", async () => {
    const host = workerHost();
    host.answer = (callback) => callback(new Error("write EPIPE"));
    const healer = createHealer(host, {});
    healer.succeeded();
    await pass(2500);
    expect(host.sent).toHaveLength(2); // tried again before the next heartbeat is due
    await pass(300_000);
    expect(host.sent.length).toBeLessThan(16);
    host.answer = (callback) => callback(null);
    await pass(31_000);
    expect(host.reports().at(-1)).toMatchObject({ ok: 1 });
    healer.close();
  });

  test.each([
    ["throws", (): never => { throw new Error("ERR_IPC_CHANNEL_CLOSED"); }], // prettier-ignore
    ["has gone", undefined],
  ])("do not disturb the worker when the channel %s", async (_what, send) => {
    const host = workerHost();
    const healer = createHealer(host, { guardSend: false });
    if (send === undefined) host.connected = false;
    else host.send = send;
    healer.succeeded();
    await pass(60_000);
    expect(await healer.task(() => "done")).toBe("done");
    healer.close();
    expect(host.sent).toEqual([]);
  });

  test("end with a last word at once, and nothing after it", async () => {
    const host = workerHost();
    const healer = createHealer(host, {});
    await pass(1);
    healer.succeeded();
    healer.close();
    expect(host.reports().at(-1)).toMatchObject({ ok: 1, closed: true });
    const { length } = host.sent;
    healer.succeeded();
    healer.heartbeat();
    healer.close();
    await pass(60_000);
    expect(host.sent).toHaveLength(length);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("are shared by all who connect in one process, and go on when it connects again", async () => {
    const host = workerHost();
    const [first, second] = [createHealer(host, {}), createHealer(host, {})];
    first.succeeded();
    second.succeeded();
    await pass(1000);
    expect(host.reports().map(({ ok }) => ok)).toEqual([2]);
    first.close();
    const again = createHealer(host, {});
    again.succeeded();
    await pass(1000);
    expect(host.reports().at(-1)).toMatchObject({ ok: 3 });
    expect(host.reports().at(-1)).not.toHaveProperty("closed");
    again.close();
  });
});

test("without PM2 and without an address nothing is sent, nothing is scheduled, and tasks run as ever", async () => {
  const host = workerHost({ PATH: "/bin" });
  const healer = createHealer(host, {});
  const { send } = host;
  expect(await healer.task(() => Promise.resolve(7))).toBe(7);
  await expect(healer.task(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  healer.heartbeat();
  expect(vi.getTimerCount()).toBe(0);
  expect(host.send).toBe(send);
  healer.close();
  expect(host.sent).toEqual([]);
});

test("an address that is none costs a warning, not the worker", () => {
  const warnings = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  for (const url of ["7717", "ftp://x/", "http://"]) createHealer(workerHost({ HEALER_URL: url }), {}).close();
  expect(warnings).toHaveBeenCalledTimes(3);
  warnings.mockRestore();
});
