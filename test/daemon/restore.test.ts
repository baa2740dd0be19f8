import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { JournalRecord } from "../../src/core/journal-record.ts";
import { newControl } from "../../src/core/control.ts";
import { restoreMemory, type Memory } from "../../src/daemon/restore.ts";
import { stateHome } from "../../src/record/state-home.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { corePolicy } from "../support/core-policy.ts";
import { fakeClock, type FakeClock } from "../support/fake-clock.ts";
import { failingSync, faultyCalls } from "../support/faulty-files.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

interface Remembering {
  readonly dir: string;
  readonly clock: FakeClock;
  /** Each time as a new process would. */
  open(host?: string): Memory;
}

function remembering(isBroken: () => boolean = () => false): Remembering {
  const dir = temporaryDir();
  const clock = fakeClock();
  const files = systemFiles(faultyCalls(failingSync(isBroken)));
  const home = stateHome({ HEALER_HOME: dir });
  return {
    ...{ dir, clock },
    open: (host = "alpha") => restoreMemory({ files, home, clock, policy: corePolicy([]), selfPids: [1], host }),
  };
}

/** A record as the core writes it: the target's control after `failedHeals` failed heals, the bucket at `tokens`. */
function record(memory: Memory, failedHeals: number, tokens = 5): JournalRecord {
  const globals = { ...memory.state.globals, tokens };
  return {
    ...{ kind: "outcome", healId: `heal-${failedHeals}`, target: "app:0", note: {} },
    ...{ wallMs: memory.clock.wallMs(), atMs: memory.clock.nowMs() },
    control: JSON.parse(JSON.stringify({ ...newControl(), failedHeals })) as JournalRecord["control"],
    globals: JSON.parse(JSON.stringify(globals)) as JournalRecord["globals"],
  };
}

describe("after a restart of healer", () => {
  test("time goes on where it was, also over a boot, and however the clock was set", () => {
    const { clock, open } = remembering();
    const first = open();
    clock.advance(100_000);
    first.save("now");
    clock.advance(7_000);
    const second = open();
    expect(second.clock.nowMs() - first.clock.nowMs()).toBe(0);
    second.save("now");
    const savedMs = second.clock.nowMs();
    clock.reboot(60_000);
    const third = open();
    expect(third.clock.nowMs()).toBe(savedMs + 60_000);
    third.save("now");
    clock.setWall(0);
    expect(open().clock.nowMs()).toBeGreaterThanOrEqual(savedMs + 60_000);
  });

  test("what the journal holds beyond the snapshot stands, the newest record of a target last", () => {
    const { clock, open } = remembering();
    const first = open();
    first.journal.append(record(first, 1));
    first.save("now");
    clock.advance(5_000);
    for (const failedHeals of [2, 3]) first.journal.append(record(first, failedHeals, 5 - failedHeals));
    const second = open();
    expect(second.findings).toEqual([]);
    expect(second.state.absent.get("app:0")?.control.failedHeals).toBe(3);
    expect(second.state.globals.tokens).toBe(2);
    expect(second.clock.nowMs()).toBeGreaterThanOrEqual(first.clock.nowMs());
  });

  test("time is never before the newest record, also when the machine has forgotten what time it is", () => {
    const { clock, open } = remembering();
    const first = open();
    first.save("now");
    clock.advance(60_000);
    first.journal.append(record(first, 1));
    clock.reboot(0);
    clock.setWall(0);
    expect(open().clock.nowMs()).toBe(60_000);
  });

  test("what the snapshot covers is not laid over it again", () => {
    const { open } = remembering();
    const first = open();
    first.journal.append(record(first, 2));
    first.save("now");
    expect(open().state.absent.size).toBe(0); // as saved: nobody had seen the target yet
  });

  test("without a snapshot the journal alone tells time and streaks", () => {
    const { dir, clock, open } = remembering();
    const first = open();
    clock.advance(500_000);
    first.journal.append(record(first, 2));
    first.save("now");
    for (const name of ["state.json", "state.json.bak"]) rmSync(join(dir, name), { force: true });
    clock.advance(3_000);
    const second = open();
    expect(second.state.absent.get("app:0")?.control.failedHeals).toBe(2);
    expect(second.clock.nowMs()).toBe(503_000);
  });

  test("a damaged snapshot is a finding, and the one before it is used", () => {
    const { dir, open } = remembering();
    const first = open();
    first.journal.append(record(first, 1));
    first.save("now");
    first.save("now");
    writeFileSync(join(dir, "state.json"), "{");
    expect(open().findings).toEqual([`${join(dir, "state.json")} is not JSON`, `went on from ${join(dir, "state.json.bak")}`]);
  });

  test("a snapshot with a strange inside is a finding, not an end of every start", () => {
    const { dir, open } = remembering();
    open().save("now");
    const path = join(dir, "state.json");
    const snapshot = JSON.parse(readFileSync(path, "utf8")) as { state: { targets: object } };
    writeFileSync(
      path,
      JSON.stringify({ ...snapshot, state: { ...snapshot.state, targets: { "app:0": { control: { phase: "healthy" } } } } }),
    );
    const finding =
      "state.json cannot be used (targets.app:0: expected a phase, a streak and the heals of a day); streaks and windows begin anew";
    expect(open().findings).toEqual([finding]);
  });

  test("the jitter of a host stays its own, and differs from its neighbour's with the same paths", () => {
    const { open } = remembering();
    expect(open("alpha").state.seed).toBe(open("alpha").state.seed);
    expect(open("beta").state.seed).not.toBe(open("alpha").state.seed);
  });
});

describe("a corrupt journal", () => {
  const corrupted = (): Remembering => {
    const made = remembering();
    const first = made.open();
    for (const failedHeals of [1, 2, 3]) first.journal.append(record(first, failedHeals));
    first.journal.close();
    const path = join(made.dir, "journal", readdirSync(join(made.dir, "journal"))[0] ?? "");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 0xff, 20);
    writeFileSync(path, bytes);
    return made;
  };

  test("means that healer only observes until a person has looked", () => {
    const { state, journal } = corrupted().open();
    expect(state.journalError).toEqual({ reason: journal.problem, retryAtMs: null });
    expect(journal.problem).toContain("look into it, then move");
  });

  test("is still corrupt at the next start, however long healer went on observing", () => {
    const { dir, clock, open } = corrupted();
    const first = open();
    for (let day = 0; day < 3; day++) {
      clock.advance(86_400_000);
      expect(first.save("now")).toBeNull();
    }
    expect(readdirSync(join(dir, "journal"))).toHaveLength(1);
    expect(open().journal.state).toBe("corrupt");
  });
});

describe("saving", () => {
  test("is due every ten seconds", () => {
    const { dir, clock, open } = remembering();
    const memory = open();
    const saves: number[] = [];
    for (let second = 0; second < 25; second++, clock.advance(1_000)) {
      rmSync(join(dir, "state.json"), { force: true });
      memory.save("if-due");
      if (readdirSync(dir).includes("state.json")) saves.push(second);
    }
    expect(saves).toEqual([0, 10, 20]);
  });

  test("says what went wrong with the newest attempt, also when the next one is not due yet", () => {
    let isBroken = true;
    const { clock, open } = remembering(() => isBroken);
    const memory = open();
    const said: boolean[] = [];
    for (let second = 0; second < 24; second += 4, clock.advance(4_000)) {
      if (second >= 12) isBroken = false;
      said.push(memory.save("if-due") !== null);
    }
    expect(said).toEqual([true, true, true, false, false, false]);
  });
});
