import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { openJournal, SEGMENT_BYTES_MAX, SEGMENTS_MAX, type Journal } from "../../src/record/journal.ts";
import { randomFrom } from "../../src/simulate/random.ts";
import { SimDisk } from "../../src/simulate/sim-disk.ts";
import { systemFiles, type FileCalls } from "../../src/world/files/system-files.ts";
import { failingSync, faultyCalls, fullDisk, osError, shortWrites } from "../support/faulty-files.ts";
import { intent } from "../support/journal-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const HOUR_MS = 3_600_000;

function open(dir: string, faults: Partial<FileCalls> = {}, afterSeq = 0): Journal {
  return openJournal({ files: systemFiles(faultyCalls(faults)), dir, afterSeq });
}

/** What another process finds there. */
function healIdsIn(dir: string): (string | null)[] {
  const journal = open(dir);
  expect(journal.problem).toBeNull();
  journal.close();
  return journal.recovered.map((record) => record.healId);
}

describe("appending", () => {
  test("numbers records from 1 and gives them back, as they were, to the next process", () => {
    const dir = temporaryDir();
    const journal = open(dir);
    expect(journal.append(intent("a"))).toEqual({ ok: true, value: 1 });
    expect(journal.append(intent("b", { kind: "outcome", note: { verdict: "recovered", text: "line\nbreak \u2028 ü" } }))).toEqual({
      ok: true,
      value: 2,
    });
    journal.close();
    const reopened = open(dir);
    expect(reopened.recovered).toEqual([
      { seq: 1, ...intent("a") },
      { seq: 2, ...intent("b", { kind: "outcome", note: { verdict: "recovered", text: "line\nbreak \u2028 ü" } }) },
    ]);
    expect(reopened.append(intent("c"))).toEqual({ ok: true, value: 3 });
    reopened.close();
  });

  test("gives back only what the snapshot does not cover", () => {
    const dir = temporaryDir();
    const journal = open(dir);
    for (const healId of ["a", "b", "c"]) journal.append(intent(healId));
    journal.close();
    const reopened = open(dir, {}, 2);
    expect(reopened.recovered.map((record) => record.seq)).toEqual([3]);
    reopened.close();
  });

  test("goes on behind the snapshot where the journal was lost", () => {
    const dir = temporaryDir();
    const journal = open(dir, {}, 41);
    expect(journal.append(intent("a"))).toEqual({ ok: true, value: 42 });
    journal.close();
    expect(open(dir, {}, 41)).toMatchObject({ state: "good", lastSeq: 42 });
  });

  test("syncs each record before it is acknowledged", () => {
    let synced = 0;
    const journal = open(temporaryDir(), { ...failingSync((call) => ((synced = call), false)) });
    journal.append(intent("a"));
    const before = synced;
    journal.append(intent("b"));
    expect(synced).toBe(before + 1);
    journal.close();
  });

  test("begins a new segment before one would pass its size", () => {
    const dir = temporaryDir();
    const journal = open(dir);
    for (let count = 0; count < 12; count++)
      expect(journal.append(intent(`${count}`, { note: "x".repeat(200_000) }))).toMatchObject({ ok: true });
    journal.close();
    expect(readdirSync(dir)).toEqual(["000001.log", "000002.log", "000003.log"]);
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(SEGMENT_BYTES_MAX);
    expect(healIdsIn(dir)).toHaveLength(12);
  });

  test("refuses a record that no decision can need, and stays good", () => {
    const journal = open(temporaryDir());
    expect(journal.append(intent("a", { note: "x".repeat(300_000) }))).toMatchObject({ ok: false, error: { kind: "too-large" } });
    expect(journal.append(intent("b"))).toEqual({ ok: true, value: 1 });
    journal.close();
  });
});

describe("a sick disk", () => {
  test("short writes lose nothing", () => {
    const dir = temporaryDir();
    const journal = open(dir, shortWrites(7));
    for (const healId of ["a", "b"]) expect(journal.append(intent(healId))).toMatchObject({ ok: true });
    journal.close();
    expect(healIdsIn(dir)).toEqual(["a", "b"]);
  });

  test("after a failed fsync the same file is never synced again: the record goes into a new one", () => {
    const dir = temporaryDir();
    const synced: number[] = [];
    let failNext = false;
    const journal = open(dir, {
      fsyncSync(fd) {
        synced.push(fd);
        if (!failNext) return;
        failNext = false;
        throw osError("EIO", "fsync");
      },
      closeSync: () => undefined, // descriptors stay distinct
    });
    journal.append(intent("a"));
    failNext = true;
    expect(journal.append(intent("b"))).toEqual({ ok: true, value: 2 });
    const [failed, ...later] = synced.slice(2);
    expect(later).not.toContain(failed);
    expect(readdirSync(dir)).toEqual(["000001.log", "000002.log"]);
    expect(healIdsIn(dir)).toEqual(["a", "b"]);
  });

  test("with every fsync failing it fails closed, and works again once the disk does", () => {
    const dir = temporaryDir();
    let sick = false;
    const journal = open(
      dir,
      failingSync(() => sick),
    );
    journal.append(intent("a"));
    sick = true;
    expect(journal.append(intent("refused"))).toMatchObject({ ok: false, error: { kind: "disk" } });
    expect(journal.append(intent("refused too"))).toMatchObject({ ok: false });
    expect(journal).toMatchObject({ state: "failed", lastSeq: 1, problem: expect.stringContaining("EIO") as string });
    sick = false;
    expect(journal.append(intent("b"))).toEqual({ ok: true, value: 2 });
    expect(journal).toMatchObject({ state: "good", problem: null });
    journal.close();
    expect(healIdsIn(dir)).toEqual(["a", "b"]);
  });

  test("a full disk fails closed wherever in a record it strikes, and neither loses nor doubles one when there is room again", () => {
    for (let bytes = 0; bytes < 300; bytes += 7) {
      const dir = temporaryDir();
      const room = { bytes: 1_000_000 };
      const journal = open(dir, fullDisk(room));
      journal.append(intent("a"));
      room.bytes = bytes;
      const refused = journal.append(intent("b"));
      room.bytes = 1_000_000;
      expect(journal.append(intent("c"))).toMatchObject({ ok: true });
      journal.close();
      expect({ bytes, healIds: healIdsIn(dir) }).toEqual({ bytes, healIds: refused.ok ? ["a", "b", "c"] : ["a", "c"] });
    }
  });

  test("a folder that cannot be synced is a record that is not there", () => {
    const dir = temporaryDir();
    const journal = open(
      dir,
      failingSync((call) => call === 2),
    ); // 1 = the new file, 2 = its folder
    expect(journal.append(intent("a"))).toMatchObject({ ok: false });
    expect(readdirSync(dir)).toEqual([]);
  });

  test("a folder that cannot be made is said, not thrown", () => {
    const journal = open("/proc/no/such/journal");
    expect(journal.state).toBe("corrupt");
    expect(journal.append(intent("a"))).toMatchObject({ ok: false });
  });
});

describe("a record that the last life may not have made durable", () => {
  const DIR = "/journal";
  const begin = (disk: SimDisk): Journal => openJournal({ files: disk, dir: DIR, afterSeq: 0 });
  const healIds = (journal: Journal) => journal.recovered.map(({ healId }) => healId);

  /** Its second record is in the page cache, and no later fsync of that file will bring it to the platter. */
  function afterFailedSync(seed: number): SimDisk {
    const disk = new SimDisk(randomFrom(seed));
    const journal = begin(disk);
    journal.append(intent("a"));
    disk.trouble.syncs = true;
    expect(journal.append(intent("b"))).toMatchObject({ ok: false });
    return disk;
  }

  test("is written again before it is believed, so that a power cut cannot take it or what comes after it", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const disk = afterFailedSync(seed);
      disk.trouble.syncs = false;
      const next = begin(disk);
      expect(healIds(next)).toEqual(["a", "b"]);
      expect(next.append(intent("c"))).toEqual({ ok: true, value: 3 });
      disk.cutPower();
      const last = begin(disk);
      expect([last.state, healIds(last)]).toEqual(["good", ["a", "b", "c"]]);
    }
  });

  test("goes ahead of the next record where it cannot be written at once", () => {
    const disk = afterFailedSync(1);
    const next = begin(disk);
    expect(next).toMatchObject({ state: "failed", lastSeq: 2 });
    disk.trouble.syncs = false;
    expect(next.append(intent("c"))).toEqual({ ok: true, value: 3 });
    disk.cutPower();
    expect(healIds(begin(disk))).toEqual(["a", "b", "c"]);
  });

  test("leaves one file behind, however often healer starts", () => {
    const disk = new SimDisk(randomFrom(1));
    for (const healId of ["a", "b"]) begin(disk).append(intent(healId));
    for (let start = 0; start < 10; start++) expect(healIds(begin(disk))).toEqual(["a", "b"]);
    expect(disk.list(DIR)).toMatchObject({ ok: true, value: ["000001.log", "000002.log", "000012.log"] });
  });
});

describe("pruning", () => {
  function fill(segments: number, wallMs: number) {
    const dir = temporaryDir();
    const journal = open(dir);
    for (let count = 0; count < segments * 5; count++) journal.append(intent("a", { wallMs, note: "x".repeat(200_000) }));
    return { dir, journal };
  }

  test.each([
    ["keeps everything for a day", 15, 23 * HOUR_MS, 0],
    ["removes covered segments after a day, never the one in use", 15, 25 * HOUR_MS, 2],
    ["keeps what the snapshots do not cover", 9, 25 * HOUR_MS, 1],
    ["removes nothing without a snapshot", 0, 25 * HOUR_MS, 0],
  ])("%s", (_, coveredSeq, ageMs, removed) => {
    const { dir, journal } = fill(3, 1_000);
    expect(journal.prune(coveredSeq, 1_000 + ageMs)).toBe(removed);
    expect(journal.append(intent("b"))).toMatchObject({ ok: true });
    journal.close();
    expect(open(dir, {}, coveredSeq)).toMatchObject({ state: "good", lastSeq: 16 });
  });

  test("does not let covered segments of one day pile up, and fails closed before uncovered ones fill the disk", () => {
    const { dir, journal } = fill(SEGMENTS_MAX, 1_000);
    expect(journal.append(intent("one", { note: "x".repeat(200_000) }))).toMatchObject({ ok: false, error: { kind: "disk" } });
    expect(journal.prune(journal.lastSeq, 1_000)).toBe(SEGMENTS_MAX / 2);
    expect(journal.append(intent("b"))).toMatchObject({ ok: true });
    journal.close();
    expect(readdirSync(dir).length).toBe(SEGMENTS_MAX / 2 + 1);
  });
});

test("every record acknowledged before a kill -9 is there afterwards, whenever the kill comes", async () => {
  const dir = temporaryDir();
  for (const killAfter of [1, 50, 400]) {
    const acknowledged = await appendUntilKilled(dir, killAfter);
    const recovered = healIdsIn(dir);
    expect(recovered.length).toBeGreaterThanOrEqual(acknowledged);
    expect(recovered.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, index) => `heal-${index + 1}`));
  }
}, 30_000);

/** Resolves with the last seq the process said was acknowledged. */
async function appendUntilKilled(dir: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/fixtures/record/append-forever.ts", dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  let seen = 0;
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    seen += 1;
    last = Number(line);
    if (seen === lines) child.kill("SIGKILL");
  }
  await exited;
  return last;
}
