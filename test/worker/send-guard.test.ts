import { describe, expect, test } from "vitest";
import { createHealer } from "../../src/worker/healer.ts";
import { workerHost } from "../support/worker-host.ts";

function connected(options: { readonly guardSend?: boolean } = {}) {
  const host = workerHost();
  createHealer(host, options).close();
  host.sent.length = 0;
  return host;
}

const send = (host: ReturnType<typeof workerHost>, ...args: readonly unknown[]): unknown => host.send?.(...(args as [unknown]));

describe("what would end PM2's daemon", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["an invalid date", new Date("never")],
    ["whose type is no text", { type: { nested: 1 }, data: 1 }],
  ])("is an error in the worker instead: %s", (words, message) => {
    const host = connected();
    expect(() => send(host, message)).toThrow(TypeError);
    expect(() => send(host, message)).toThrow(new RegExp(`^process.send\\(.*(${words}).*would end PM2's daemon`));
    expect(host.sent).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["text", "ready"],
    ["zero", 0],
    ["false", false],
    ["an empty object", {}],
    ["a list", [null]],
    ["a message of PM2's kind", { type: "job:done", data: { ok: true } }],
    ["a type that is no text, without data, which PM2 does not look at", { type: { nested: 1 } }],
    ["a date", new Date(0)],
  ])("is nothing else: %s goes through as it is, and so does the answer", (_what, message) => {
    const host = connected();
    expect(send(host, message)).toBe(true);
    expect(host.sent).toEqual([message]);
  });

  test("goes through where the worker asked for that", () => {
    const host = connected({ guardSend: false });
    send(host, null);
    expect(host.sent).toEqual([null]);
  });
});

test("process.send is wrapped once, however often the worker connects", () => {
  const host = connected();
  const { send: wrapped } = host;
  createHealer(host, {}).close();
  expect(host.send).toBe(wrapped);
});

test("callbacks and handles go through too", () => {
  const host = connected();
  let called = 0;
  send(host, "ready", undefined, undefined, () => called++);
  expect(called).toBe(1);
});
