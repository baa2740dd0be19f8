import { spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { openDaemonLog } from "../../src/record/daemon-log.ts";
import { openHealLog, type HealLogOptions } from "../../src/record/heal-log.ts";
import { readHealLog } from "../../src/record/read-heal-log.ts";
import { RotatingFile } from "../../src/record/rotating-file.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { faultyCalls, fullDisk, osError } from "../support/faulty-files.ts";
import { logRecord, WALL_MS } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const files = systemFiles();

function healLog(changes: Partial<HealLogOptions> = {}) {
  const dir = changes.dir ?? temporaryDir();
  return { dir, log: openHealLog({ files, dir, host: "box", stdout: null, ...changes }) };
}

const linesIn = (dir: string, name = "heal.log"): string[] => readFileSync(join(dir, name), "utf8").split("\n").slice(0, -1);
const targetsIn = (dir: string): string[] => [...readHealLog(files, dir)].map((record) => record.target);

describe("writing the heal log", () => {
  test("returns the record as it stands in the file", () => {
    const { dir, log } = healLog();
    const sealed = log.write(logRecord({ more: { n: 58 } }), WALL_MS, "abc123");
    expect(sealed).toEqual({ ...logRecord({ more: { n: 58 } }), ts: "2026-11-22T03:12:45.678Z", host: "box", config: "abc123", v: 1 });
    expect([...readHealLog(files, dir)]).toEqual([sealed]);
    log.close();
  });

  test("keeps the file to its owner", () => {
    const { dir, log } = healLog();
    log.write(logRecord(), WALL_MS, "c");
    expect(statSync(join(dir, "heal.log")).mode & 0o777).toBe(0o600);
    log.close();
  });

  test.each([
    ["human", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {4}symptom +rpa-worker:0: 63 % of the last 58 tasks\n$/],
    ["json", /^\{"ts":"2026-11-22T03:12:45\.678Z".*\}\n$/],
  ] as const)("shows %s lines on stdout", (stdout, expected) => {
    const stream = new PassThrough();
    const { log } = healLog({ stdout, stream });
    log.write(logRecord(), WALL_MS, "c");
    expect(String(stream.read())).toMatch(expected);
    log.close();
  });

  test("goes on without stdout when its reader went away", () => {
    const stream = new PassThrough();
    const { dir, log } = healLog({ stdout: "human", stream });
    stream.emit("error", new Error("EPIPE"));
    log.write(logRecord(), WALL_MS, "c");
    expect(stream.read()).toBeNull();
    expect(targetsIn(dir)).toEqual(["rpa-worker:0"]);
    log.close();
  });

  test("does not pile up lines in memory for a reader that stopped reading", () => {
    const stream = new PassThrough();
    const { dir, log } = healLog({ stdout: "human", stream });
    for (let line = 0; line < 1_000; line++) log.write(logRecord({ reason: "x".repeat(4_000) }), WALL_MS, "c");
    expect(stream.writableLength + stream.readableLength).toBeLessThan(1_200_000);
    expect(targetsIn(dir)).toHaveLength(1_000);
    log.close();
  });

  test("cuts a record that no reader could take, and says so, in the file and in what it returns", () => {
    const { dir, log } = healLog();
    const sealed = log.write(logRecord({ reason: "r".repeat(100_000), more: { evidence: "e".repeat(100_000) } }), WALL_MS, "c");
    expect(sealed.more).toEqual({ cut_from_characters: expect.any(Number) as number });
    expect([...readHealLog(files, dir)]).toEqual([sealed]);
    log.close();
  });
});

describe("a log of bounded size", () => {
  test("loses no line of a burst over many rotations", () => {
    const { dir, log } = healLog({ rotateBytes: 300_000 });
    for (let line = 0; line < 10_000; line++) log.write(logRecord({ target: `w:${line}` }), WALL_MS, "c");
    log.close();
    expect(targetsIn(dir)).toEqual(Array.from({ length: 10_000 }, (_, line) => `w:${line}`));
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(300_000);
  });

  test("keeps ten rotated files and removes the oldest", () => {
    const { dir, log } = healLog({ rotateBytes: 500 });
    for (let line = 0; line < 100; line++) log.write(logRecord({ target: `w:${line}` }), WALL_MS, "c");
    log.close();
    expect(readdirSync(dir)).toHaveLength(11);
    expect(targetsIn(dir).at(-1)).toBe("w:99");
  });

  test("rather grows for a while than lose lines where it cannot be rotated, but not for ever", () => {
    const dir = temporaryDir();
    const stuck = faultyCalls({
      renameSync: () => {
        throw osError("EPERM", "rename");
      },
    });
    const file = new RotatingFile({ files: systemFiles(stuck), path: join(dir, "x"), bytesMax: 100, lossLine: () => "lost" });
    for (let line = 0; line < 50; line++) file.writeLine("x".repeat(19));
    expect(statSync(join(dir, "x")).size).toBe(220);
    expect(file).toMatchObject({ lost: 39, problem: expect.stringContaining("EPERM") as string });
    file.close();
  });
});

describe("a log that outlives what is done to it", () => {
  test("goes on in a new file when somebody removes, renames, replaces or empties the old one", () => {
    const { dir, log } = healLog();
    const path = join(dir, "heal.log");
    log.write(logRecord({ target: "removed" }), WALL_MS, "c");
    rmSync(path);
    log.write(logRecord({ target: "renamed" }), WALL_MS, "c");
    renameSync(path, join(dir, "elsewhere"));
    log.write(logRecord({ target: "replaced" }), WALL_MS, "c");
    renameSync(path, join(dir, "elsewhere"));
    writeFileSync(path, ""); // as logrotate's `create` does
    log.write(logRecord({ target: "emptied" }), WALL_MS, "c");
    expect(targetsIn(dir)).toEqual(["emptied"]);
    writeFileSync(path, "");
    log.write(logRecord({ target: "last" }), WALL_MS, "c");
    expect(targetsIn(dir)).toEqual(["last"]);
    log.close();
  });

  test("begins a fresh line behind one that a crash tore", () => {
    const { dir, log } = healLog();
    appendFileSync(join(dir, "heal.log"), '{"ts":"2026');
    log.write(logRecord(), WALL_MS, "c");
    expect(linesIn(dir)).toHaveLength(2);
    expect(targetsIn(dir)).toEqual(["rpa-worker:0"]);
    log.close();
  });

  test("counts what a full disk did not take and reports it in the file once there is room", () => {
    const room = { bytes: 400 };
    const { dir, log } = healLog({ files: systemFiles(faultyCalls(fullDisk(room))) });
    for (const target of ["a", "b", "c", "d"]) log.write(logRecord({ target }), WALL_MS, "c");
    expect(log).toMatchObject({ lost: 2, problem: expect.stringContaining("ENOSPC") as string });
    room.bytes = 10_000;
    log.write(logRecord({ target: "e" }), WALL_MS, "c");
    expect(log).toMatchObject({ lost: 0, problem: null });
    expect(targetsIn(dir)).toEqual(["a", "b", "healer", "e"]);
    expect([...readHealLog(files, dir)][2]).toMatchObject({
      level: "error",
      event: "alert",
      reason: expect.stringMatching(/^2 lines .* lost: .*ENOSPC$/) as string,
    });
    expect(linesIn(dir)).toHaveLength(4);
    log.close();
  });

  test("neither throws nor forgets when its folder is gone", () => {
    const { log } = healLog({ dir: "/proc/no/such/folder" });
    log.write(logRecord(), WALL_MS, "c");
    expect(log).toMatchObject({ lost: 1 });
    log.close();
  });

  test.each(["exit", "throw", "kill"])("has every one of 2,001 lines written in one go before the process ends by %s", (end) => {
    const dir = temporaryDir();
    spawnSync(process.execPath, ["--import", "tsx", "test/fixtures/record/log-and-die.ts", dir, "2001", end], { stdio: "ignore" });
    expect(targetsIn(dir)).toEqual(Array.from({ length: 2_001 }, (_, line) => `w:${line}`));
  });
});

test("the daemon's own log is lines of JSON with a time, bounded a line", () => {
  const dir = temporaryDir();
  const log = openDaemonLog({ files, dir });
  log.write("warn", "turn 4 took 900 ms\u001b[0m", WALL_MS);
  log.write("error", "x".repeat(100_000), WALL_MS);
  log.close();
  const [first, second] = linesIn(dir, "daemon.log");
  expect(first).toBe('{"ts":"2026-11-22T03:12:45.678Z","level":"warn","message":"turn 4 took 900 ms\\u001b[0m"}');
  expect(second?.length).toBeLessThan(9_000);
});
