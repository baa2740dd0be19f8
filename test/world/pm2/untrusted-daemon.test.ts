import { randomBytes } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { roomFor } from "../../../src/world/pm2/bus-hint.ts";
import { openBusSocket, type BusLimits } from "../../../src/world/pm2/bus-socket.ts";
import { connectPm2, type ConnectPm2Options } from "../../../src/world/pm2/connect-pm2.ts";
import type { Pm2, Pm2Hint } from "../../../src/world/pm2/pm2.ts";
import { type FakePm2Daemon, frameOf, startFakePm2Daemon } from "../../support/fake-pm2-daemon.ts";
import { until } from "../../support/until.ts";
import { failureOf, kindOf, LIMITS } from "./pm2-world.ts";

// Only ever against the fake: one malformed frame kills a real daemon, and with it everybody's workers.
const LIMITLESS: BusLimits = { lookMs: 1000, lagMsMax: 60_000, flood: { bytesMax: Number.MAX_SAFE_INTEGER, withinMs: 500, restMs: 50 } };
let daemon: FakePm2Daemon;
let doors: Pm2[];

beforeEach(async () => {
  daemon = await startFakePm2Daemon();
  doors = [];
});
afterEach(async () => {
  for (const door of doors) door.close();
  await daemon.dispose();
});

function open(options: Partial<ConnectPm2Options> = {}): Pm2 {
  const door = connectPm2({ pm2Home: daemon.home, envNames: [], ...options });
  doors.push(door);
  return door;
}

describe("a daemon that cannot be trusted", () => {
  it.each<[string, Buffer]>([
    ["text", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["a frame that claims 4 GiB", Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff])],
    ["a frame that claims one byte more than allowed", Buffer.from([0x12, 0x04, 0, 0, 1])],
    ["a reply without an id", frameOf({ args: [[]] })],
    ["a reply to a call nobody made", frameOf({ args: [[]] }, "healer:999")],
    ["a reply that is no object", frameOf("yes", "healer:1")],
    ["JSON that is none", Buffer.from([0x12, 0, 0, 0, 3, ...Buffer.from("j:{"), 0, 0, 0, 3, ...Buffer.from("s:1")])],
  ])("answers with %s: nonsense, and the connection is closed", async (_what, bytes) => {
    daemon.behaviours.set("getMonitorData", { kind: "bytes", bytes });
    const door = open();
    expect(kindOf(await door.list())).toBe("nonsense");
    await until(() => daemon.rpcClients === 0, "the end of the connection");
    daemon.behaviours.clear();
    expect(kindOf(await door.list())).toBe("ok");
  });

  it.each<[string, string, unknown]>([
    ["a list that is none", "getMonitorData", { rows: [] }],
    ["no list at all", "getMonitorData", null],
    ["a report without a start", "getReport", { env: { SECRET: "hush" } }],
    ["a version that is no text", "getVersion", 7],
  ])("answers with %s: nonsense, without quoting it", async (_what, method, result) => {
    daemon.behaviours.set(method, { kind: "answer", result });
    const outcome = await open().list();
    expect(kindOf(outcome)).toBe("nonsense");
    expect(JSON.stringify(outcome)).not.toContain("hush");
  });

  it.each(["drop", "drop-mid-reply"] as const)("%s: the call is lost, the next one connects anew", async (kind) => {
    const door = open();
    daemon.behaviours.set("getMonitorData", { kind });
    expect(kindOf(await door.list())).toBe("lost");
    daemon.behaviours.clear();
    expect(kindOf(await door.list())).toBe("ok");
  });

  it("whatever bytes come in place of a reply, list() ends with a value", async () => {
    const door = open({ listTimeoutMs: 50 });
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array)),
      fc.jsonValue().map((value) => frameOf(value, "healer:1")),
      fc.jsonValue().map((value) => frameOf({ args: [value] }, "healer:2")),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (reply) => {
        daemon.behaviours.set("*", { kind: "bytes", bytes: reply });
        expect(["ok", "nonsense", "hung", "lost"]).toContain(kindOf(await door.list()));
      }),
      { numRuns: 60 },
    );
  });

  it("skips rows that make no sense and says so once", async () => {
    const lines: string[] = [];
    const row = daemon.addRow("fine");
    daemon.rows.push({ name: "bad", pm_id: 8, pm2_env: { SECRET: "hush" } }, { ...row, name: "twin" });
    const door = open({ onSkippedRows: (line) => lines.push(line) });
    for (let turn = 0; turn < 3; turn++) expect(await door.list()).toMatchObject({ value: { rows: [{ name: "fine" }] } });
    expect(lines).toEqual(["2 rows of PM2's list make no sense and are left out: pm_id 8 has no script; pm_id 0 is listed twice"]);
  });

  it("has its error in one short printable line", async () => {
    daemon.addRow("a");
    const door = open();
    await door.list();
    daemon.behaviours.set("restartProcessId", { kind: "error", message: `spawn\u001b[31m\nfailed ${"x".repeat(9000)}` });
    expect(failureOf(await door.restart(0, LIMITS))).toMatch(/^failed: spawn \[31m failed x{100,300}$/);
  });

  it.each<[unknown, string]>([
    ["Process with pid 12 already exists", "busy"],
    ["Reload already in progress for process id 0, retry later", "busy"],
    ["[RestartProcessId] PM2 is being killed, stopping restart procedure...", "busy"],
    ["God db process id unknown", "unknown-id"],
    ["pm_id 9 not available in 9", "unknown-id"],
    ["spawn EAGAIN", "failed"],
    [{ odd: 1 }, "failed"],
  ])("refuses with %j, which is %s", async (message, kind) => {
    daemon.addRow("a");
    const door = open();
    await door.list();
    daemon.behaviours.set("restartProcessId", { kind: "error", message });
    expect(kindOf(await door.restart(0, LIMITS))).toBe(kind);
  });
});

describe("what healer sends", () => {
  it("always has exactly one argument, because a call without any crashes the daemon", async () => {
    daemon.addRow("a");
    const door = open();
    await door.list();
    for (const command of ["restart", "reload", "stop", "start", "remove"] as const) await door[command](0, LIMITS);
    expect(daemon.calls.map(({ args }) => args.length)).toEqual(daemon.calls.map(() => 1));
    expect(new Set(daemon.calls.map(({ method }) => method)).size).toBe(9);
  });

  it("asks who the daemon is once a connection, the list every time", async () => {
    const door = open();
    await door.list();
    await door.list();
    expect(daemon.calls.map(({ method }) => method).sort()).toEqual(["getMonitorData", "getMonitorData", "getReport", "getVersion"]);
  });

  it("is not piled up in front of a daemon that hangs", async () => {
    const door = open({ listTimeoutMs: 30 });
    daemon.behaviours.set("*", { kind: "hang" });
    for (let turn = 0; turn < 20; turn++) expect(kindOf(await door.list())).toBe("hung");
    expect(daemon.calls.length).toBe(3);
    daemon.thaw();
    await until(async () => (await door.list()).ok, "an answer");
  });

  it("opens one connection, however many call at once", async () => {
    const door = open();
    await Promise.all(Array.from({ length: 20 }, () => door.list()));
    expect(daemon.rpcClients).toBe(1);
  });
});

describe("the bus", () => {
  async function listen(): Promise<{ door: Pm2; hints: Pm2Hint[] }> {
    const hints: Pm2Hint[] = [];
    const door = open({ onHint: (hint) => hints.push(hint) });
    await until(() => door.busConnected && daemon.busClients === 1, "the bus");
    hints.length = 0;
    return { door, hints };
  }
  /** What comes after it on the same socket has been read by the time the mark arrives. */
  async function mark(hints: Pm2Hint[]): Promise<void> {
    daemon.publish("process:event", { event: "mark", process: { pm_id: 424242 } });
    await until(() => hints.some((hint) => hint.pmId === 424242), "the mark");
    hints.splice(hints.findIndex((hint) => hint.pmId === 424242));
  }

  it.each<[string, string, unknown]>([
    [
      "a worker's message under process:event",
      "process:event",
      { at: 1, data: { event: "exit", process: { pm_id: 0 } }, process: { pm_id: 0, name: "x" } },
    ],
    ["a worker's message that also copies the shape", "process:event", { event: "exit", process: { pm_id: 0 }, data: {} }],
    ["a worker's message under pm2:kill", "pm2:kill", { at: 1, data: { status: "killed" }, process: { pm_id: 0 } }],
    ["the outgoing worker of a reload", "process:event", { event: "exit", process: { pm_id: "_old_0" } }],
    ["an event without a process", "process:event", { event: "exit" }],
    ["a payload of null", "process:event", null],
    ["a list for a payload", "pm2:kill", ["killed"]],
    ["an end that does not say so", "pm2:kill", { status: "well" }],
    [
      "a worker's message under log:PM2",
      "log:PM2",
      { at: 1, data: "App [x:0] exited with code [0] via signal [SIGKILL]\n", process: { pm_id: 0, name: "PM2" } },
    ],
    ["a log line", "log:out", { data: "process:event", process: { pm_id: 0 } }],
  ])("gives no hint for %s", async (_what, topic, payload) => {
    const { hints } = await listen();
    daemon.publish(topic, payload);
    await mark(hints);
    expect(hints).toEqual([]);
  });

  it.each<[string, string, unknown, Pm2Hint]>([
    ["restart overlimit", "process:event", { event: "restart overlimit", process: { pm_id: 3 } }, { kind: "errored", pmId: 3 }],
    ["reload", "process:event", { event: "reload", process: { pm_id: 3 } }, { kind: "restart", pmId: 3 }],
    ["an event of the future", "process:event", { event: "constructor", process: { pm_id: 3 } }, { kind: "other", pmId: 3 }],
    ["the daemon's end", "pm2:kill", { status: "killed", msg: "bye" }, { kind: "daemon-killed", pmId: null }],
  ])("hints at %s", async (_what, topic, payload, hint) => {
    const { hints } = await listen();
    daemon.publish(topic, payload);
    await mark(hints);
    expect(hints).toEqual([hint]);
  });

  it("hears what is said between floods of log lines", async () => {
    const { hints } = await listen();
    const line = frameOf("log:out", { process: { pm_id: 0, name: "chatty" }, data: "x".repeat(60_000) });
    for (let burst = 0; burst < 10; burst++) {
      for (let lines = 0; lines < 20; lines++) daemon.publishBytes(line);
      daemon.publish("process:event", { event: "exit", process: { pm_id: burst } });
    }
    await until(() => hints.length === 10, "the hints");
    expect(hints.map(({ pmId }) => pmId)).toEqual(Array.from({ length: 10 }, (_, burst) => burst));
  });

  it("hangs up on garbage and comes back", async () => {
    const { door, hints } = await listen();
    daemon.publishBytes(Buffer.concat([Buffer.from([0xff]), randomBytes(500)]));
    await until(() => hints.some(({ kind }) => kind === "bus-back") && door.busConnected, "the bus again");
    expect(hints.map(({ kind }) => kind)).toEqual(["bus-lost", "bus-back"]);
    await mark(hints);
  });

  it("hangs up when this process was too busy to read, so that the daemon does not keep everything for it", async () => {
    const kinds: string[] = [];
    const bus = openBusSocket(join(daemon.home, "pub.sock"), ({ kind }) => kinds.push(kind), { ...LIMITLESS, lookMs: 10, lagMsMax: 100 });
    await until(() => bus.connected, "the bus");
    const endMs = performance.now() + 200;
    while (performance.now() < endMs); // busy
    await until(() => kinds.includes("bus-lost"), "the end of the subscription");
    bus.close();
  });

  it("leaves a flooded bus alone for a while, says so, and comes back", async () => {
    const kinds: string[] = [];
    const flood = { bytesMax: 1024 * 1024, withinMs: 60_000, restMs: 200 };
    const bus = openBusSocket(join(daemon.home, "pub.sock"), ({ kind }) => kinds.push(kind), { ...LIMITLESS, flood });
    await until(() => bus.connected && daemon.busClients === 1, "the bus");
    const line = frameOf("log:out", { process: { pm_id: 0, name: "chatty" }, data: "x".repeat(60_000) });
    for (let lines = 0; lines < 17; lines++) daemon.publishBytes(line);
    daemon.publish("process:event", { event: "exit", process: { pm_id: 1 } });
    await until(() => kinds.includes("exit"), "what was said before the limit");
    expect([bus.connected, bus.silence]).toEqual([true, null]);
    daemon.publishBytes(line);
    await until(() => kinds.includes("bus-lost"), "the end of the subscription");
    expect(bus.silence).toMatch(/^PM2's bus carries more than .* and is left alone for 0.2 s$/);
    await until(() => bus.connected && daemon.busClients === 1, "the bus again");
    daemon.publish("process:event", { event: "exit", process: { pm_id: 2 } });
    await until(() => kinds.filter((kind) => kind === "exit").length === 2, "what is said afterwards");
    bus.close();
  });

  it("tells whose exceptions there were only to whoever asks, and only those the daemon speaks of", async () => {
    const { door, hints } = await listen();
    const heard: number[] = [];
    const thrown = (process: unknown, message = "boom"): void => daemon.publish("process:exception", { at: 1, data: { message }, process });
    thrown({ pm_id: 1 });
    await mark(hints);
    door.hearExceptions((pmId) => heard.push(pmId));
    thrown({ pm_id: 2, name: "x" });
    thrown({ pm_id: 3 }, "x".repeat(300 * 1024)); // longer than any exception is worth
    for (const process of ["_old_0", -1, 1.5, null]) thrown({ pm_id: process });
    thrown(null);
    daemon.publish("process:msg", { at: 1, raw: { topic: "process:exception" }, process: { pm_id: 4 } });
    await mark(hints);
    door.hearExceptions(null);
    thrown({ pm_id: 5 });
    await mark(hints);
    expect(heard).toEqual([2]);
    expect(hints).toEqual([]);
  });

  it("has no room for exceptions nobody asks for, nor ever for log lines", () => {
    const rooms = (wantsExceptions: boolean) =>
      ["s:process:event", "s:process:exception", "s:log:err", "s:process:msg"].map(
        (topic) => roomFor(Buffer.from(topic), wantsExceptions) > 0,
      );
    expect([rooms(false), rooms(true)]).toEqual([
      [true, false, false, false],
      [true, true, false, false],
    ]);
  });

  it("is not subscribed when nobody listens to hints", async () => {
    const door = open();
    await door.list();
    expect([daemon.busClients, door.busConnected]).toEqual([0, false]);
  });
});
