import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeArgument, encodeFrame, encodeJson, encodeText, FrameReader } from "../../../src/world/pm2/wire.ts";
import { frameOf } from "../../support/fake-pm2-daemon.ts";

function readAll(chunks: readonly Buffer[], options: { frameBytesMax?: number; room?: (first: Buffer) => number } = {}) {
  const frames: unknown[][] = [];
  const reader = new FrameReader({ frameBytesMax: 1 << 20, ...options, onFrame: (args) => frames.push(args.map(decodeArgument)) });
  const faults = chunks.map((chunk) => reader.push(chunk));
  return { frames, fault: faults.find((fault) => fault !== null) ?? null };
}

/** The stream cut after each of `cuts`, in any order. */
function cutAt(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((one, other) => one - other), stream.length];
  return places.slice(1).map((end, index) => stream.subarray(places[index], end));
}

describe("PM2's wire format", () => {
  it("writes what PM2's own codec writes", () => {
    const call = { type: "call", method: "stopProcessId", args: [3] };
    expect(encodeFrame([encodeJson(call), encodeText("healer:1")]).equals(frameOf(call, "healer:1"))).toBe(true);
  });

  it("reads any frames of PM2's codec, however the stream is cut", () => {
    const argument = fc.oneof(
      fc.string(),
      fc.jsonValue().filter((value) => typeof value !== "string"),
    );
    const frames = fc.array(fc.array(argument, { minLength: 1, maxLength: 15 }), { maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 40 }), (sent, cuts) => {
        const chunks = cutAt(Buffer.concat(sent.map((args) => frameOf(...args))), cuts);
        const expected = sent.map((args) =>
          args.map((arg) => (typeof arg === "string" ? arg : (JSON.parse(JSON.stringify(arg)) as unknown))),
        );
        expect(readAll(chunks)).toEqual({ frames: expected, fault: null });
      }),
    );
  });

  it("skips frames whose first argument nobody wants, and reads the ones between them", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 40 }), (wanted, cuts) => {
        const chunks = cutAt(Buffer.concat(wanted.map((yes, n) => frameOf(yes ? "yes" : "log:out", { n, text: "x".repeat(300) }))), cuts);
        const numbers = readAll(chunks, { room: (first) => (first.equals(encodeText("yes")) ? 1000 : 0) }).frames.map(
          ([, body]) => (body as { n: number }).n,
        );
        expect(numbers).toEqual(wanted.flatMap((yes, n) => (yes ? [n] : [])));
      }),
    );
  });

  it.each([
    ["as long as there is room for", 0, 2],
    ["one byte longer", 1, 1],
  ])("of a frame %s reads what fits", (_what, more, read) => {
    const [topic, body] = [encodeText("topic"), Buffer.alloc(100 + more)];
    const stream = Buffer.concat([encodeFrame([topic, body]), encodeFrame([topic, encodeText("after")])]);
    const cuts = Array.from({ length: stream.length }, (_, index) => index);
    expect(readAll(cutAt(stream, cuts), { room: () => topic.length + 100 }).frames).toHaveLength(read);
    expect(readAll([stream], { room: () => topic.length + 100 }).frames.at(-1)).toEqual(["topic", "after"]);
  });

  it("reads empty arguments", () => {
    const raw = Buffer.concat([encodeFrame([Buffer.alloc(0), Buffer.alloc(0)]), encodeFrame([Buffer.alloc(0)])]);
    expect(readAll([raw]).frames).toEqual([[Buffer.alloc(0), Buffer.alloc(0)], [Buffer.alloc(0)]]);
  });

  it.each([
    ["another version", Buffer.from([0x21, 0, 0, 0, 1, 65])],
    ["no arguments", Buffer.from([0x10])],
    ["text", Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
    ["a frame that claims 4 GiB", Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 1, 2, 3])],
    ["two arguments that are too long together", frameOf("a".repeat(600), "b".repeat(600))],
  ])("finds fault with %s and reads nothing after it", (_what, bytes) => {
    const { frames, fault } = readAll([bytes, frameOf("fine")], { frameBytesMax: 1000 });
    expect(fault).toMatch(/frame/);
    expect(frames).toEqual([]);
  });

  it("never throws and never invents, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
        const { frames } = readAll(chunks.map((chunk) => Buffer.from(chunk)));
        for (const args of frames) expect(args.length).toBeGreaterThan(0);
      }),
    );
  });

  it("takes JSON that is none for undefined", () => {
    expect(decodeArgument(Buffer.from("j:{oops"))).toBeUndefined();
  });
});
