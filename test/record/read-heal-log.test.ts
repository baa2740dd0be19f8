import { appendFileSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import { followHealLog } from "../../src/record/follow-heal-log.ts";
import { formatLine } from "../../src/record/heal-line.ts";
import { openHealLog } from "../../src/record/heal-log.ts";
import { newestRecords, readHealLog, type LogQuery } from "../../src/record/read-heal-log.ts";
import { summarise } from "../../src/record/summarise-heal-log.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { logRecord, sealedRecord, WALL_MS } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const files = systemFiles();

/** A log of several files; `w:0` is the oldest record, one a second. */
function logOf(count: number, perFile: number): string {
  const dir = temporaryDir();
  const lines = Array.from({ length: count }, (_, number) => `${formatLine(sealedRecord({ target: `w:${number}`, ts: at(number) }))}\n`);
  for (let file = 0; file * perFile < count; file++) {
    const content = lines.slice(Math.max(0, count - (file + 1) * perFile), count - file * perFile).join("");
    writeFileSync(join(dir, file === 0 ? "heal.log" : `heal.log.${file}`), content);
  }
  return dir;
}

const at = (second: number): string => new Date(WALL_MS + second * 1_000).toISOString();
const targets = (records: Iterable<SealedRecord>): string[] => [...records].map((record) => record.target);
const named = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `w:${from + index}`);

describe("reading the heal log", () => {
  test("gives all files' records, oldest first, beyond ten files as well", () => {
    expect(targets(readHealLog(files, logOf(60, 5)))).toEqual(named(0, 60));
  });

  test("finds nothing where there is no log", () => {
    expect(targets(readHealLog(files, join(temporaryDir(), "no")))).toEqual([]);
    expect(newestRecords(files, temporaryDir(), {}, 10)).toEqual([]);
  });

  test.each([
    [0, []],
    [3, named(27, 30)],
    [12, named(18, 30)],
    [99, named(0, 30)],
  ])("gives the newest %i across files, oldest of them first", (count, expected) => {
    expect(targets(newestRecords(files, logOf(30, 10), {}, count))).toEqual(expected);
  });

  test("opens no more files than the newest records need", () => {
    const dir = logOf(30, 10);
    rmSync(join(dir, "heal.log.2"));
    mkdirSync(join(dir, "heal.log.2")); // reading it would fail
    expect(targets(newestRecords(files, dir, {}, 5))).toEqual(named(25, 30));
  });

  test.each<[string, LogQuery, string[]]>([
    ["since an instant", { sinceWallMs: WALL_MS + 2_000 }, ["b:0", "b:1", "bb:0", "queue:q"]],
    ["until an instant", { untilWallMs: WALL_MS + 1_000 }, ["a", "a:1"]],
    ["of a worker", { target: "b:1" }, ["b:1"]],
    ["of a group and its workers, but not of a longer name", { target: "b" }, ["b:0", "b:1"]],
    ["of a queue", { target: "queue:q" }, ["queue:q"]],
    ["of one event", { event: "hold" }, ["b:1"]],
    ["of one heal", { healId: "h-1" }, ["a:1", "b:0"]],
    ["of a heal and a worker", { healId: "h-1", target: "a" }, ["a:1"]],
  ])("gives the records %s", (_, query, expected) => {
    const dir = temporaryDir();
    const records = [
      sealedRecord({ target: "a" }),
      sealedRecord({ target: "a:1", heal_id: "h-1" }),
      sealedRecord({ target: "b:0", heal_id: "h-1" }),
      sealedRecord({ target: "b:1", event: "hold" }),
      sealedRecord({ target: "bb:0" }),
      sealedRecord({ target: "queue:q" }),
    ];
    writeFileSync(join(dir, "heal.log"), records.map((record, index) => `${formatLine({ ...record, ts: at(index) })}\n`).join(""));
    expect(targets(readHealLog(files, dir, query))).toEqual(expected);
    expect(targets(newestRecords(files, dir, query, 100))).toEqual(expected);
  });

  test("does not read files that ended before the time asked for", () => {
    const dir = logOf(20, 10);
    utimesSync(join(dir, "heal.log.1"), 0, 0);
    expect(targets(readHealLog(files, dir, { sinceWallMs: WALL_MS }))).toEqual(named(10, 20));
  });

  test("passes over torn, foreign and endless lines", () => {
    const dir = logOf(2, 10);
    const path = join(dir, "heal.log");
    appendFileSync(path, `not json\n\0\0\0\n${"x".repeat(1_000_000)}\n${formatLine(sealedRecord({ target: "good" }))}\n{"ts":"20`);
    expect(targets(readHealLog(files, dir))).toEqual(["w:0", "w:1", "good"]);
  });

  test("tells lines apart wherever the read buffer happens to end", () => {
    const dir = temporaryDir();
    const records = Array.from({ length: 900 }, (_, number) => sealedRecord({ target: `w:${number}`, reason: "ü".repeat(number) }));
    writeFileSync(join(dir, "heal.log"), records.map((record) => `${formatLine(record)}\n`).join(""));
    expect([...readHealLog(files, dir)]).toEqual(records);
  });
});

describe("following the heal log", () => {
  async function follow(dir: string, query: LogQuery = {}) {
    const seen: string[] = [];
    const stop = new AbortController();
    const records = followHealLog(files, dir, { query, signal: stop.signal, pollMs: 5 });
    const done = (async () => {
      for await (const record of records) seen.push(record.target);
    })();
    await new Promise((resolve) => setImmediate(resolve));
    return {
      seen,
      end: async () => {
        stop.abort();
        await done;
      },
    };
  }

  const write = (dir: string, target: string): void => appendFileSync(join(dir, "heal.log"), `${formatLine(sealedRecord({ target }))}\n`);

  test("gives what is written from now on, whole lines only", async () => {
    const dir = logOf(3, 10);
    const { seen, end } = await follow(dir);
    write(dir, "new:0");
    await until(() => seen.length === 1, "the first record");
    const line = `${formatLine(sealedRecord({ target: "new:1" }))}\n`;
    appendFileSync(join(dir, "heal.log"), line.slice(0, 40));
    appendFileSync(join(dir, "heal.log"), line.slice(40));
    await until(() => seen.length === 2, "the second record");
    await end();
    expect(seen).toEqual(["new:0", "new:1"]);
  });

  test("goes on across rotations, also several between two looks, without missing or repeating a record", async () => {
    const dir = temporaryDir();
    const log = openHealLog({ files, dir, host: "box", stdout: null, rotateBytes: 4_000 });
    log.write(logRecord({ target: "before" }), WALL_MS, "c");
    const { seen, end } = await follow(dir);
    for (let burst = 0; burst < 6; burst++) {
      for (let number = 0; number < 60; number++) log.write(logRecord({ target: `w:${burst * 60 + number}` }), WALL_MS, "c");
      await until(() => seen.length === (burst + 1) * 60, `burst ${burst}`);
    }
    await end();
    log.close();
    expect(seen).toEqual(named(0, 360));
  });

  test("waits for a log that is not there yet, and starts again in one that was emptied or removed", async () => {
    const dir = temporaryDir();
    const { seen, end } = await follow(dir);
    write(dir, "first");
    await until(() => seen.length === 1, "the first record");
    write(dir, "second, longer than the next");
    await until(() => seen.length === 2, "the second record");
    writeFileSync(join(dir, "heal.log"), `${formatLine(sealedRecord({ target: "third" }))}\n`);
    await until(() => seen.length === 3, "the record after the file was emptied");
    rmSync(join(dir, "heal.log"));
    write(dir, "fourth");
    await until(() => seen.length === 4, "the record after the file was removed");
    await end();
    expect(seen).toEqual(["first", "second, longer than the next", "third", "fourth"]);
  });

  test("gives only what is asked for", async () => {
    const dir = logOf(1, 10);
    const { seen, end } = await follow(dir, { target: "b" });
    for (const target of ["a:0", "b:0", "c:0", "b:1"]) write(dir, target);
    await until(() => seen.length === 2, "both records of b");
    await end();
    expect(seen).toEqual(["b:0", "b:1"]);
  });
});

test("the summary counts heals, verdicts, would-be heals, holds, pages and what got well by itself", () => {
  const summary = summarise([
    sealedRecord({ event: "would_heal", ts: at(0) }),
    sealedRecord({ event: "heal_intent" }),
    sealedRecord({ event: "heal_verdict", more: { verdict: "recovered" } }),
    sealedRecord({ event: "heal_verdict", more: { verdict: "failed" } }),
    sealedRecord({ event: "heal_verdict", more: { verdict: "failed" } }),
    sealedRecord({ event: "symptom_cleared", more: { healed: false } }),
    sealedRecord({ event: "symptom_cleared", more: { healed: true } }),
    sealedRecord({ event: "hold", more: { guard: "grace" } }),
    sealedRecord({ event: "hold" }),
    sealedRecord({ event: "circuit_open", ts: at(9) }),
  ]);
  expect(summary).toEqual({
    records: 10,
    fromTs: at(0),
    toTs: at(9),
    wouldHeals: 1,
    heals: 1,
    verdicts: { recovered: 1, failed: 2 },
    selfRecoveries: 1,
    holds: { grace: 1, other: 1 },
    pages: 1,
  });
});
