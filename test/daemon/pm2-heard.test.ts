import { expect, test } from "vitest";
import type { Pm2Notice } from "../../src/core/pm2-notice.ts";
import { Pm2Heard } from "../../src/daemon/pm2-heard.ts";

function stage() {
  const kernel = { nowMs: 0, kills: 5 as number | null, looks: 0, busConnected: true };
  const heard = new Pm2Heard({
    pm2: {
      get busConnected() {
        return kernel.busConnected;
      },
    },
    nowMs: () => kernel.nowMs,
    oomKills() {
      kernel.looks++;
      return kernel.kills;
    },
  });
  const say = (notice: Pm2Notice): void => heard.hear({ kind: "said", pmId: null, notice });
  return { kernel, heard, say };
}

function exit(signal: string | null): Pm2Notice {
  return { kind: "exit", pmId: 0, wallMs: 1, exitCode: 0, signal, oomKills: null };
}

test("gives what was said since the turn before, once", () => {
  const { heard, say } = stage();
  heard.take();
  say(exit("SIGSEGV"));
  expect(heard.take()).toEqual({ isComplete: true, notices: [exit("SIGSEGV")] });
  expect(heard.take()).toEqual({ isComplete: true, notices: [] });
});

test("is incomplete at first, after every loss of the bus, as long as there is none, and where too much was said", () => {
  const { kernel, heard, say } = stage();
  const isComplete = (): boolean => heard.take().isComplete;
  expect([isComplete(), isComplete()]).toEqual([false, true]);
  for (const kind of ["bus-lost", "bus-back"] as const) {
    heard.hear({ kind, pmId: null });
    expect([isComplete(), isComplete()]).toEqual([false, true]);
  }
  kernel.busConnected = false;
  isComplete();
  expect([isComplete(), isComplete()]).toEqual([false, false]);
  kernel.busConnected = true;
  expect([isComplete(), isComplete()]).toEqual([false, true]);
  for (let line = 0; line < 10_001; line++) say(exit(null));
  const flood = heard.take();
  expect({ ...flood, notices: flood.notices.length }).toEqual({ isComplete: false, notices: 10_000 });
});

test("beside a SIGKILL stands how many OOM kills there were in the seconds before, and beside nothing else", () => {
  const { kernel, heard, say } = stage();
  const kills = (signal: string): unknown => {
    say(exit(signal));
    return heard.take().notices.map((notice) => (notice.kind === "exit" ? notice.oomKills : undefined))[0];
  };
  heard.take();
  expect(kills("SIGKILL")).toBe(0);
  kernel.kills = 7;
  kernel.nowMs += 2_000;
  heard.take(); // the kill shows in the counter before PM2 hears of the death
  expect(kills("SIGKILL")).toBe(2);
  expect(kills("SIGSEGV")).toBeNull();
  for (let turn = 0; turn < 10; turn++) {
    kernel.nowMs += 2_000;
    heard.take();
  }
  expect(kills("SIGKILL"), "old kills were others'").toBe(0);
  kernel.kills = null;
  expect(kills("SIGKILL")).toBeNull();
});

test("reads the kernel's count once a second at most while nobody dies", () => {
  const { kernel, heard } = stage();
  for (let turn = 0; turn < 100; turn++) {
    heard.take();
    kernel.nowMs += 25;
  }
  expect(kernel.looks).toBe(3);
});

test("where the kernel says nothing, neither does it", () => {
  const { kernel, heard, say } = stage();
  kernel.kills = null;
  heard.take();
  say(exit("SIGKILL"));
  expect(heard.take().notices).toEqual([exit("SIGKILL")]);
});
