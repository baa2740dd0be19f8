import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { createLogLinesSensor } from "../../src/sensors/log-lines.ts";
import type { Sensor, WatchedWorker } from "../../src/sensors/sensor.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { facts, sensorContext, watchedWorker, type TestContext } from "../support/watched-worker.ts";

const MIB = 1024 * 1024;
const BAD = "pool exhausted\n";

let dir: string;
let out: string;
let err: string;
let sensor: Sensor;
let context: TestContext;

function sensorFor(params: { readonly pattern?: string; readonly stream?: string } = {}): Sensor {
  return createLogLinesSensor({ strategy: "rpa", key: "log-pattern", params: { pattern: "pool exhausted", stream: "both", ...params } });
}

function worker(part: Parameters<typeof watchedWorker>[0] = {}, strategy = "rpa"): WatchedWorker {
  return watchedWorker({ logs: { out, err }, ...part }, strategy);
}

/** A reading two seconds after the one before it. */
async function read(): ReturnType<typeof facts> {
  context.atMs += 2_000;
  return facts(sensor.read(context));
}

/** Lines in a reading; the reason where it was blind for a worker, too. */
async function counts(): Promise<readonly unknown[]> {
  return (await read()).map((one) => (one.kind === "log-lines" ? one.lines : one.kind === "blind" ? one.reason : one.kind));
}

beforeEach(() => {
  dir = temporaryDir();
  [out, err] = [join(dir, "out.log"), join(dir, "error.log")];
  for (const path of [out, err]) writeFileSync(path, BAD.repeat(5));
  sensor = sensorFor();
  context = sensorContext([worker()]);
});

describe("lines of a worker's log", () => {
  it("count from the first look on, those of both streams, at the instant of the look before", async () => {
    expect(await read()).toEqual([{ kind: "log-lines", target: "rpa:0", rule: "log-pattern", atMs: 1_002_000, lines: 0, skippedBytes: 0 }]);
    appendFileSync(out, `fine\n${BAD}`);
    appendFileSync(err, `${BAD}a pool exhausted by all\nPOOL EXHAUSTED\n`);
    expect(await read()).toMatchObject([{ atMs: 1_002_000, lines: 3 }]);
    expect(await read()).toMatchObject([{ atMs: 1_004_000, lines: 0 }]);
  });

  it.each([
    ["out", 1],
    ["err", 2],
  ])("of %s alone count where the rule asks for it alone", async (stream, lines) => {
    sensor = sensorFor({ stream });
    await read();
    appendFileSync(out, BAD);
    appendFileSync(err, BAD.repeat(2));
    expect(await counts()).toEqual([lines]);
  });

  it("of one file for both streams count once", async () => {
    context.workers = [worker({ logs: { out, err: out } })];
    await read();
    appendFileSync(out, BAD);
    expect(await counts()).toEqual([1]);
  });

  it("count when they have ended, whatever bytes they hold", async () => {
    await read();
    appendFileSync(out, "pool exh");
    expect(await counts()).toEqual([0]);
    appendFileSync(out, Buffer.concat([Buffer.from("austed"), Buffer.from([0, 0xff, 0xc3]), Buffer.from("\r\n\n")]));
    expect(await counts()).toEqual([1]);
  });

  it("are cut where they have no end: what stands in front counts, once", async () => {
    await read();
    appendFileSync(out, `pool exhausted ${"x".repeat(9_000)}`);
    expect(await counts()).toEqual([1]);
    appendFileSync(out, `pool exhausted ${"x".repeat(300_000)}`);
    expect(await counts()).toEqual([0]);
    appendFileSync(out, "pool exhausted");
    expect(await counts()).toEqual([0]);
    appendFileSync(out, `pool exhausted\n${BAD}${"x".repeat(9_000)} pool exhausted\n`);
    expect(await counts()).toEqual([1]);
  });

  it("are found by an expression, also where PM2 writes a date or JSON round them", async () => {
    sensor = sensorFor({ pattern: "/pool (exhausted|drained)/i" });
    await read();
    appendFileSync(out, '2026-11-26T10:00:00: Pool drained\n{"message":"pool exhausted\\n","type":"out","process_id":0}\n');
    expect(await counts()).toEqual([2]);
  });
});

describe("a log that is rotated", () => {
  beforeEach(async () => void (await read()));

  it("by renaming goes on in the new file", async () => {
    renameSync(out, `${out}.1`);
    writeFileSync(out, BAD.repeat(9)); // longer than what was read of the old one
    expect(await counts()).toEqual([9]);
    appendFileSync(out, BAD);
    expect(await counts()).toEqual([1]);
  });

  it("by copying and cutting goes on at its beginning", async () => {
    truncateSync(out);
    appendFileSync(out, BAD);
    expect(await counts()).toEqual([1]);
    appendFileSync(out, BAD);
    expect(await counts()).toEqual([1]);
  });

  it("is not there for a moment, and all of it is new when it comes", async () => {
    rmSync(out);
    expect(await counts()).toEqual([`cannot read ${out}: ENOENT`]);
    writeFileSync(out, BAD.repeat(3));
    expect(await counts()).toEqual([3]);
  });

  it("is not there at first, and all of it is new when it comes", async () => {
    const late = join(dir, "late.log");
    context.workers = [worker({ logs: { out: late, err: null } })];
    expect(await counts()).toEqual([`cannot read ${late}: ENOENT`]);
    writeFileSync(late, BAD.repeat(3));
    expect(await counts()).toEqual([3]);
  });

  it("may be a link that is turned to another file", async () => {
    renameSync(out, join(dir, "old.log"));
    symlinkSync(join(dir, "old.log"), out);
    expect(await counts()).toEqual([0]);
    appendFileSync(out, BAD);
    expect(await counts()).toEqual([1]);
  });
});

describe("a log that is written faster than it is read", () => {
  it("is read at its end, and what was passed over is told", async () => {
    await read();
    appendFileSync(out, BAD.repeat(10) + `${"x".repeat(99)}\n`.repeat(30_000) + BAD);
    const [look] = await read();
    expect(look).toMatchObject({ lines: 1 });
    const skipped = look?.kind === "log-lines" ? look.skippedBytes : 0;
    expect(skipped).toBe(10 * BAD.length + 3_000_000 + BAD.length - MIB);
    expect(await read()).toMatchObject([{ lines: 0, skippedBytes: 0 }]);
  });

  it("is read from the beginning of a line on", async () => {
    await read();
    const line = "the pool exhausted.\n"; // a megabyte ends 16 bytes into one, which hold the pattern
    appendFileSync(out, line.repeat(60_000));
    expect(await counts()).toEqual([Math.floor(MIB / line.length)]);
  });

  it("is read whole up to a megabyte, and of many logs each has less", async () => {
    await read();
    appendFileSync(out, BAD.repeat(Math.floor(MIB / BAD.length)));
    expect(await read()).toMatchObject([{ lines: Math.floor(MIB / BAD.length), skippedBytes: 0 }]);
    const crowd = Array.from({ length: 100 }, (_, index) => {
      const log = join(dir, `out-${index}.log`);
      writeFileSync(log, "");
      return worker({ instance: String(index), logs: { out: log, err: null } });
    });
    context.workers = crowd;
    await read();
    appendFileSync(crowd[7]?.row.logs.out ?? "", BAD.repeat(Math.floor(MIB / BAD.length)));
    const look = (await read()).find((one) => one.kind === "log-lines" && one.target === "rpa:7");
    expect(look).toMatchObject({ lines: Math.floor(MIB / 16 / BAD.length) });
  });
});

describe("nobody is called sick for a log that cannot be read", () => {
  it.each([
    ["is not written", { out: null, err: null }, "PM2 writes no log of it"],
    ["is a folder", { out: "DIR", err: null }, "cannot read DIR: it is no plain file"],
    ["is a device", { out: "/dev/zero", err: null }, "cannot read /dev/zero: it is no plain file"],
  ])("because it %s", async (_what, logs, reason) => {
    const folder = join(dir, "folder");
    mkdirSync(folder);
    context.workers = [worker({ logs: { ...logs, out: logs.out === "DIR" ? folder : logs.out } })];
    expect(await counts()).toEqual([reason.replace("DIR", folder)]);
  });

  it.skipIf(process.getuid?.() === 0)("because it is another user's", async () => {
    await read();
    chmodSync(out, 0);
    expect(await counts()).toEqual([`cannot read ${out}: EACCES`]);
    chmodSync(out, 0o600);
    expect(await counts()).toEqual([0]);
  });

  it("because several workers write it, of whatever strategy; alone again, it is read from its end", async () => {
    await read();
    const other = worker({ pmId: 1, instance: "1", pid: null, logs: { out: join(dir, "other.log"), err } }, "another");
    context.workers = [worker(), other];
    appendFileSync(err, BAD);
    expect(await counts()).toEqual([`rpa:0 and rpa:1 write one log, ${err}, and nobody can tell whose a line is`]);
    context.workers = [worker()];
    expect(await counts()).toEqual([0]);
    appendFileSync(err, BAD);
    expect(await counts()).toEqual([1]);
  });

  it("but what the other log says counts", async () => {
    await read();
    rmSync(err);
    appendFileSync(out, BAD);
    expect(await counts()).toEqual([1, `cannot read ${err}: ENOENT`]);
    expect(await counts()).toEqual([`cannot read ${err}: ENOENT`]);
  });

  it("because the expression cannot get through it; the next lines are read after a while", async () => {
    sensor = sensorFor({ pattern: "/^(a+)+$/" });
    await read();
    appendFileSync(out, `${"a".repeat(60)}!\n`);
    expect(await counts()).toEqual([`the pattern on ${out}: that takes more than 100 ms`]);
  });

  it("because it does not run, or is another strategy's", async () => {
    context.workers = [worker({ pid: null }), worker({ pmId: 1, instance: "1" }, "another")];
    expect(await counts()).toEqual([]);
  });
});

it("sees again after it was blind, and forgets who is gone", async () => {
  rmSync(err);
  expect((await sensor.read(context)).map(({ kind }) => kind)).toEqual(["blind"]);
  writeFileSync(err, "");
  expect((await sensor.read(context)).map(({ kind }) => kind)).toEqual(["sight", "log-lines"]);
  rmSync(err);
  await sensor.read(context);
  context.workers = [];
  expect(await sensor.read(context)).toMatchObject([{ kind: "sight", target: "rpa:0" }]);
});
