import { describe, expect, test } from "vitest";
import { systemdNotifier } from "../../src/daemon/notify-systemd.ts";
import { failure, success, type Outcome } from "../../src/core/outcome.ts";

const ENV = { NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "120000000", WATCHDOG_PID: "42" };

function notifier(env: Readonly<Record<string, string>>, answer: Promise<Outcome<null, string>> = Promise.resolve(success(null))) {
  const sent: string[] = [];
  const troubles: string[] = [];
  const clock = { nowMs: 0 };
  const send = (assignments: readonly string[]) => {
    sent.push(...assignments);
    return answer;
  };
  const systemd = systemdNotifier(env, { send, nowMs: () => clock.nowMs, pid: 42, onTrouble: (text) => void troubles.push(text) });
  /** Turns of 2 s; what was sent is awaited in between. */
  const turnsUntil = async (endMs: number): Promise<void> => {
    for (; clock.nowMs < endMs; clock.nowMs += 2_000) {
      systemd.turned();
      await Promise.resolve().then(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { systemd, sent, troubles, turnsUntil };
}

describe("systemd hears", () => {
  test("nothing where it did not start this process", async () => {
    const { systemd, sent, turnsUntil } = notifier({ WATCHDOG_USEC: "1" });
    systemd.ready();
    await turnsUntil(10_000);
    systemd.stopping();
    expect(sent).toEqual([]);
  });

  test("three times an interval that turns go on, not once a turn", async () => {
    const { systemd, sent, turnsUntil } = notifier(ENV);
    systemd.ready();
    await turnsUntil(600_000);
    systemd.stopping();
    expect(sent.filter((word) => word === "WATCHDOG=1").length).toBe(14);
    expect([sent[0], sent.at(-1)]).toEqual(["READY=1", "STOPPING=1"]);
  });

  test("nothing more when turns stop: that is what the watchdog is for", async () => {
    const { sent, turnsUntil } = notifier(ENV);
    await turnsUntil(100_000);
    const before = sent.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent.length).toBe(before);
  });

  test("no second message while the first hangs", async () => {
    const { sent, turnsUntil } = notifier(ENV, new Promise(() => undefined));
    await turnsUntil(600_000);
    expect(sent).toEqual(["WATCHDOG=1"]);
  });

  test.each([{ WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "soon" }, { WATCHDOG_PID: "7" }])("no watchdog with %j", async (changes) => {
    const { sent, turnsUntil } = notifier({ ...ENV, ...changes });
    await turnsUntil(600_000);
    expect(sent).toEqual([]);
  });
});

test("a message that does not get through is told, and the daemon goes on", async () => {
  const { systemd, troubles, turnsUntil } = notifier(ENV, Promise.resolve(failure("there is no systemd-notify")));
  systemd.ready();
  await turnsUntil(1_000);
  expect(troubles).toEqual(["there is no systemd-notify"]);
});
