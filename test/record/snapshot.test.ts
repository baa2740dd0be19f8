import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSnapshots, type Snapshot } from "../../src/record/snapshot.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { faultyCalls, fullDisk } from "../support/faulty-files.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const files = systemFiles();

function snapshot(seq: number): Snapshot {
  return {
    v: 1,
    seq,
    clock: { bootId: "boot-1", monotonicMs: 1, wallMs: 2, reducerMs: 3 },
    state: { targets: { "a:0": [1, null, "ü"] } },
    savedWallMs: 4,
  };
}

function saved(...seqs: number[]): string {
  const home = temporaryDir();
  const snapshots = openSnapshots(files, home);
  for (const seq of seqs) expect(snapshots.save(snapshot(seq))).toMatchObject({ ok: true });
  return home;
}

test("a saved snapshot comes back as it was", () => {
  expect(openSnapshots(files, saved(7)).load()).toEqual({ snapshot: snapshot(7), findings: [] });
});

test("a first start finds nothing and has nothing to report", () => {
  expect(openSnapshots(files, temporaryDir()).load()).toEqual({ snapshot: null, findings: [] });
});

test("the journal may be pruned up to what both files cover, so that the older one still works", () => {
  const home = saved(10);
  const snapshots = openSnapshots(files, home);
  snapshots.load();
  expect(snapshots.save(snapshot(20))).toEqual({ ok: true, value: { coveredSeq: 10 } });
  expect(snapshots.save(snapshot(30))).toEqual({ ok: true, value: { coveredSeq: 20 } });
});

describe("a state.json that cannot be used", () => {
  test.each([
    ["is not JSON", '{"v":1,'],
    ["is empty", ""],
    ["is of another version", JSON.stringify({ ...snapshot(1), v: 2 })],
    ["has no seq", JSON.stringify({ ...snapshot(1), seq: "1" })],
    ["has a clock without numbers", JSON.stringify({ ...snapshot(1), clock: { bootId: "x" } })],
    ["is a list", "[]"],
    ["is null", "null"],
  ])("because it %s is reported, and the one before it taken", (_, content) => {
    const home = saved(1, 2);
    writeFileSync(join(home, "state.json"), content);
    const loaded = openSnapshots(files, home).load();
    expect(loaded.snapshot?.seq).toBe(1);
    expect(loaded.findings).toEqual([expect.stringContaining("state.json is not"), expect.stringContaining("went on from")]);
  });

  test("is reported too when there is no other", () => {
    const home = saved(1);
    writeFileSync(join(home, "state.json"), "garbage");
    expect(openSnapshots(files, home).load()).toEqual({ snapshot: null, findings: [`${join(home, "state.json")} is not JSON`] });
  });

  test("because the daemon died between the two renames leaves the one before it", () => {
    const home = saved(1, 2);
    rmSync(join(home, "state.json"));
    expect(openSnapshots(files, home).load()).toMatchObject({ snapshot: { seq: 1 }, findings: [expect.stringContaining("went on from")] });
  });
});

test("a save on a full disk fails and leaves both files as they are", () => {
  const home = saved(1, 2);
  const full = openSnapshots(systemFiles(faultyCalls(fullDisk({ bytes: 10 }))), home);
  full.load();
  expect(full.save(snapshot(3))).toMatchObject({ ok: false, error: { kind: "full" } });
  expect(JSON.parse(readFileSync(join(home, "state.json"), "utf8"))).toEqual(snapshot(2));
  expect(JSON.parse(readFileSync(join(home, "state.json.bak"), "utf8"))).toEqual(snapshot(1));
});
