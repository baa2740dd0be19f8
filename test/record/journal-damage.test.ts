import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeSegment, encodeFrame } from "../../src/record/journal-frame.ts";
import { openJournal } from "../../src/record/journal.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { intent } from "../support/journal-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const files = systemFiles();
const FRAMES = [1, 2, 3, 4, 5, 6].map((seq) => encodeFrame(seq, intent(`heal-${seq}`, { note: { text: "ü\n".repeat(seq) } })));
const ENDS = FRAMES.map((_, index) => Buffer.concat(FRAMES.slice(0, index + 1)).length);
const SEGMENT = Buffer.concat(FRAMES);

/** How many whole records lie before a byte. */
function wholeBefore(byte: number): number {
  return ENDS.filter((end) => end <= byte).length;
}

function journalWith(dir: string, segments: Readonly<Record<string, Buffer>>, afterSeq = 0) {
  mkdirSync(join(dir, "journal"), { recursive: true });
  for (const [name, bytes] of Object.entries(segments)) writeFileSync(join(dir, "journal", name), bytes);
  return openJournal({ files, dir: join(dir, "journal"), afterSeq });
}

const seqs = (records: readonly { readonly seq: number }[]): number[] => records.map((record) => record.seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("a segment cut off or overwritten at its end", () => {
  test("gives exactly the whole records before the cut, at every byte, and the cut never reads as corruption", () => {
    for (let cut = 0; cut <= SEGMENT.length; cut++) {
      const content = decodeSegment(SEGMENT.subarray(0, cut));
      expect({ cut, seqs: seqs(content.records) }).toEqual({ cut, seqs: upTo(wholeBefore(cut)) });
      expect({ cut, damage: content.damage?.kind ?? null }).toEqual({ cut, damage: ENDS.includes(cut) || cut === 0 ? null : "torn" });
    }
  });

  test("gives exactly the whole records before a tail of zeros, at every byte", () => {
    for (let cut = 0; cut < SEGMENT.length; cut++) {
      const zeroed = Buffer.concat([SEGMENT.subarray(0, cut), Buffer.alloc(SEGMENT.length - cut + 4096)]);
      const content = decodeSegment(zeroed);
      expect({ cut, seqs: seqs(content.records), damage: content.damage?.kind }).toEqual({
        cut,
        seqs: upTo(wholeBefore(cut)),
        damage: "torn",
      });
    }
  });
});

test("a single flipped bit anywhere gives the exact prefix before it, and is corruption unless it hit the last record", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SEGMENT.length * 8 - 1 }), (bit) => {
      const flipped = Buffer.from(SEGMENT);
      const byte = bit >> 3;
      flipped[byte] = flipped[byte]! ^ (1 << (bit & 7));
      const content = decodeSegment(flipped);
      const hit = wholeBefore(byte);
      expect(seqs(content.records)).toEqual(upTo(hit));
      expect(content.damage?.kind).toBe(hit === FRAMES.length - 1 ? "torn" : "corrupt");
    }),
    { numRuns: 5_000 },
  );
});

describe("opening a journal", () => {
  test("leaves a torn tail out, says so once, and goes on behind the last whole record", () => {
    const dir = temporaryDir();
    const journal = journalWith(dir, { "000001.log": SEGMENT.subarray(0, SEGMENT.length - 5) });
    expect(journal.state).toBe("good");
    expect(seqs(journal.recovered)).toEqual([1, 2, 3, 4, 5]);
    expect(journal.findings).toEqual([expect.stringMatching(/000001\.log: the last \d+ bytes are no whole record.*after record 5/)]);
    expect(journal.append(intent("again"))).toEqual({ ok: true, value: 6 });
    journal.close();
    const reopened = openJournal({ files, dir: join(dir, "journal"), afterSeq: 0 });
    expect([seqs(reopened.recovered), reopened.findings]).toEqual([upTo(6), []]);
    expect(reopened.recovered.at(-1)?.healId).toBe("again");
    reopened.close();
  });

  test("refuses to append to a journal with damage in the middle, says where, and leaves the file as it is", () => {
    const dir = temporaryDir();
    const damaged = Buffer.from(SEGMENT);
    damaged[ENDS[2]! + 20] = 0;
    const journal = journalWith(dir, { "000001.log": damaged });
    expect(journal.state).toBe("corrupt");
    expect(journal.problem).toContain(`000001.log: damaged at byte ${ENDS[2]}, after record 3`);
    expect(seqs(journal.recovered)).toEqual([1, 2, 3]);
    expect(journal.append(intent("no"))).toMatchObject({ ok: false, error: { kind: "corrupt" } });
    expect(readFileSync(join(dir, "journal", "000001.log"))).toEqual(damaged);
  });

  test.each([
    ["a segment is missing", { "000001.log": FRAMES.slice(0, 2), "000003.log": FRAMES.slice(3) }, 0, "records 3 to 3 are missing"],
    ["the first segment is missing", { "000002.log": FRAMES.slice(3) }, 1, "records 1 to 3 are missing"],
    [
      "the last record of a closed segment is damaged",
      { "000001.log": [FRAMES[0]!, FRAMES[1]!.subarray(9)], "000002.log": FRAMES.slice(2) },
      0,
      "records 2 to 2 are missing",
    ],
    [
      "an old segment comes back",
      { "000001.log": FRAMES.slice(0, 3), "000002.log": FRAMES.slice(1, 2) },
      0,
      "record 2 stands after record 3",
    ],
  ])("is corrupt when %s", (_, segments, afterSeq, problem) => {
    const buffers = Object.fromEntries(Object.entries(segments).map(([name, frames]) => [name, Buffer.concat(frames)]));
    const journal = journalWith(temporaryDir(), buffers, afterSeq);
    expect(journal).toMatchObject({ state: "corrupt", problem: expect.stringContaining(problem) as string });
  });

  test.each([
    ["the snapshot covers what is missing", { "000002.log": FRAMES.slice(3) }, 3, [4, 5, 6]],
    ["there is no snapshot to say what went before", { "000002.log": FRAMES.slice(3) }, 0, [4, 5, 6]],
    [
      "a torn file was given up for a new one",
      { "000001.log": [...FRAMES.slice(0, 2), FRAMES[2]!.subarray(0, 9)], "000002.log": FRAMES.slice(2) },
      0,
      upTo(6),
    ],
    [
      "a new file repeats the record that was not acknowledged",
      { "000001.log": FRAMES.slice(0, 3), "000002.log": FRAMES.slice(2) },
      0,
      upTo(6),
    ],
    ["an empty file was left behind", { "000001.log": FRAMES.slice(0, 3), "000002.log": [], "000003.log": FRAMES.slice(3) }, 0, upTo(6)],
  ])("is good when %s", (_, segments, afterSeq, expected) => {
    const buffers = Object.fromEntries(Object.entries(segments).map(([name, frames]) => [name, Buffer.concat(frames)]));
    const journal = journalWith(temporaryDir(), buffers, afterSeq);
    expect([journal.problem, seqs(journal.recovered)]).toEqual([null, expected]);
    journal.close();
  });

  test("takes the later of two records with one seq, because the earlier one was never acknowledged", () => {
    const refused = encodeFrame(3, intent("refused"));
    const journal = journalWith(temporaryDir(), {
      "000001.log": Buffer.concat([...FRAMES.slice(0, 2), refused]),
      "000002.log": FRAMES[2]!,
    });
    expect(journal.recovered.map((record) => record.healId)).toEqual(["heal-1", "heal-2", "heal-3"]);
    journal.close();
  });

  test("refuses a record with a good checksum that another version wrote", () => {
    const alien = encodeFrame(7, { ...intent("x"), kind: "telepathy" as "intent" });
    const journal = journalWith(temporaryDir(), { "000001.log": Buffer.concat([SEGMENT, alien]) });
    expect(journal).toMatchObject({
      state: "corrupt",
      problem: expect.stringContaining("this version of healer does not understand") as string,
    });
  });

  test("refuses when a segment cannot be read", () => {
    const dir = temporaryDir();
    mkdirSync(join(dir, "journal", "000001.log"), { recursive: true });
    expect(openJournal({ files, dir: join(dir, "journal"), afterSeq: 0 })).toMatchObject({ state: "corrupt" });
  });

  test("survives garbage appended by somebody else", () => {
    const dir = temporaryDir();
    journalWith(dir, { "000001.log": SEGMENT }).close();
    appendFileSync(join(dir, "journal", "000002.log"), "# a note by an operator\n");
    const journal = openJournal({ files, dir: join(dir, "journal"), afterSeq: 0 });
    expect([journal.state, seqs(journal.recovered), journal.findings.length]).toEqual(["good", upTo(6), 1]);
    journal.close();
  });
});
