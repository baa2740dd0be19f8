import { describe, expect, test } from "vitest";
import { SICK } from "../support/scripted-rules.ts";
import { FULL_DISK, GB, host, machineStage as stage, MINUTE } from "../support/machine-stage.ts";

/** What the machine itself lacks: told, and, where a restart would mend nothing, waited for. */

describe("the machine itself", () => {
  test("is told once it has been short twice in a row, and when it is over; a person is called", () => {
    const { world, see } = stage();
    see(FULL_DISK);
    expect(world.lines("alert")).toEqual([]);
    see(FULL_DISK, 10);
    expect(world.reasons("alert")).toEqual([
      "the disk that holds healer's records: 1GB of 100GB left (1.0 %), less than 5 %; workers that fail for it are not restarted meanwhile",
    ]);
    see(host(), 2);
    expect(world.reasons("pressure_over")).toEqual([
      "over after 1 m 50 s: the disk that holds healer's records: 1GB of 100GB left (1.0 %), less than 5 %",
    ]);
  });

  test("that comes and goes is told once an hour", () => {
    const { world, see } = stage();
    for (let count = 0; count < 20; count++) {
      see(FULL_DISK, 2);
      see(host(), 2);
    }
    expect(world.lines("alert")).toHaveLength(1);
    expect(world.lines("pressure_over")).toHaveLength(1);
    world.advance(60 * MINUTE);
    see(FULL_DISK, 2);
    expect(world.lines("alert")).toHaveLength(2);
  });

  test.each([
    ["memory", host({ memory: { freeBytes: GB / 2, totalBytes: 16 * GB } }), /^the machine's memory: 512MB of 16GB left \(3\.1 %\)/],
    ["load", host({ loadPerCore: 9.5 }), /^the machine's load: 9\.5 per core over a minute, more than 4/],
  ])("short of %s is told with the figures", (_, reading, told) => {
    const { world, see } = stage({ host: { loadPerCoreMax: 4 } });
    see(reading, 2);
    expect(world.reasons("alert")).toEqual([expect.stringMatching(told)]);
  });

  test("of which nothing is known is no trouble", () => {
    const { world, see } = stage({ host: { loadPerCoreMax: 4 } });
    see(host({ memory: null, disk: null, loadPerCore: null }), 5);
    expect(world.lines("alert")).toEqual([]);
  });

  test("holds heals of work that goes badly back, where it is told to", () => {
    const { see, say, healed, guard } = stage();
    see(FULL_DISK, 2);
    say(SICK, "app:0");
    see(FULL_DISK, 30);
    expect(healed()).toEqual([]);
    expect(guard("host")).toMatchObject({ holds: true, flip: "there is enough again" });
    see(host(), 13);
    expect(healed()).toEqual([]);
    expect(guard("host")?.reason).toMatch(/^over since 1 m 58 s, and it has 2 s left to recover by itself: the disk/);
    see(host(), 2);
    expect(healed()).toEqual(["app:0"]);
  });

  test.each([
    ["it is only told", { host: { holds: false } }, SICK],
    ["something is wrong with the process itself", { aboutProcess: true }, SICK],
    ["it is dead", {}, { ...SICK, dead: true }],
  ])("holds nobody back where %s", (_, options, script) => {
    const { see, say, healed } = stage(options);
    see(FULL_DISK, 2);
    say(script, "app:0");
    see(FULL_DISK, 3);
    expect(healed()).toEqual(["app:0"]);
  });

  test("that has not been seen for long holds nobody back", () => {
    const { world, see, say, healed } = stage();
    see(FULL_DISK, 2);
    say(SICK, "app:0");
    world.advance(14 * MINUTE);
    expect(healed()).toEqual([]);
    world.advance(2 * MINUTE);
    expect(healed()).toEqual(["app:0"]);
  });
});
