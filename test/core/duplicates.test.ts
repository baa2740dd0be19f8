import { describe, expect, test } from "vitest";
import type { OutsideCopy } from "../../src/core/copy.ts";
import { explain } from "../../src/core/explain.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import type { CoreWorld, WorldOptions } from "../support/core-world.ts";
import { crowd, gone } from "../support/crowd.ts";
import { ORIGIN } from "../../src/simulate/strays.ts";

/** Each worker too many is told once, with whoever started it; whether it is ended is another matter (interface.md §3). */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OBSERVED: WorldOptions = { strategy: { mode: "observe" } };

/** Copies are found and reported, and none is ended. */
function watched(knobs: Partial<Knobs> = {}, options: WorldOptions = {}): CoreWorld {
  const world = crowd({ trimOutside: "none", ...knobs }, options);
  world.copies = [];
  return world;
}

function pidsTold(world: CoreWorld): unknown[] {
  return world.lines("duplicate_found").map(({ pid }) => pid);
}

function rebooted(world: CoreWorld): void {
  world.save();
  world.kill();
  world.advance(MINUTE);
  world.boot();
}

describe("a copy outside PM2 is told", () => {
  test("after five seconds, and never again while it lives", () => {
    const world = watched();
    world.addCopy("app");
    world.advance(4_000);
    expect(pidsTold(world)).toEqual([]);
    world.advance(2_000);
    expect(pidsTold(world)).toEqual([5001]);
    world.advance(HOUR);
    expect(pidsTold(world)).toEqual([5001]);
  });

  test("not at all when it is over within five seconds", () => {
    const world = watched();
    world.addCopy("app");
    world.advance(4_000);
    world.copies = [];
    world.advance(MINUTE);
    expect(pidsTold(world)).toEqual([]);
  });

  test("not again after a restart of the daemon", () => {
    const world = watched();
    world.addCopy("app");
    world.advance(10_000);
    rebooted(world);
    world.advance(10 * MINUTE);
    expect(pidsTold(world)).toEqual([5001]);
  });

  test("not again when a restarted daemon cannot look for a while, or PM2 is out of sight", () => {
    const world = watched();
    const copy = world.addCopy("app");
    world.advance(10_000);
    rebooted(world);
    world.copies = null; // nobody looks
    world.advance(10 * MINUTE);
    world.pm2.lost = "no answer";
    world.advance(10 * MINUTE);
    world.pm2.lost = null;
    world.copies = [copy];
    world.advance(10 * MINUTE);
    expect(pidsTold(world)).toEqual([5001]);
  });

  test.each([
    ["a new process", { pid: 5_100, startTicks: 5_100 }, [5001, 5100]],
    ["another process under the old pid", { startTicks: 9_999 }, [5001, 5001]],
    ["the same process that names another origin", { origin: { ...ORIGIN, login: "bob" } }, [5001]],
  ])("anew when it is %s", (_what, change, told) => {
    const world = watched();
    const copy = world.addCopy("app");
    world.advance(10_000);
    world.copies = [{ ...copy, startedWallMs: world.wallMs, ...change }];
    world.advance(MINUTE);
    expect(pidsTold(world)).toEqual(told);
  });

  test("and forgotten once it has ended: what is remembered stays small", () => {
    const world = watched();
    for (let time = 0; time < 30; time++) {
      world.addCopy("app", { owner: "outside" });
      world.advance(8_000);
      world.copies = [];
      world.advance(4_000);
    }
    expect(pidsTold(world)).toHaveLength(30);
    expect(world.state.duplicates).toMatchObject({ told: [], starts: { app: { length: 20 } } });
  });

  test("with its origin as the kernel shows it, what it runs, and what would bring it back", () => {
    const world = watched();
    const marks = { SSH_CONNECTION: "10.0.0.7 51234 10.0.0.9 22" };
    world.addCopy("app", { owner: "outside", startedWallMs: Date.UTC(2026, 10, 21, 23), origin: { ...ORIGIN, marks, ports: [80] } });
    world.advance(10_000);
    expect(world.lines("duplicate_found")).toEqual([
      {
        level: "warn",
        event: "duplicate_found",
        target: "app",
        strategy: "all",
        app: "app",
        pid: 5001,
        reason:
          "pid 5001 runs beside PM2: the same command, started by somebody else; started 2026-11-21 23:00:00Z (0 s after PM2's own row, pm_id 0), " +
          "as app over SSH from 10.0.0.7, whoever started it has ended, in cron.service, session 4711 of a leader that has ended, no terminal, " +
          "in /srv, listening on port 80: `node /srv/app.js`. Reported only (trim_outside: none)",
        more: {
          owner: "outside",
          origin: { started: "2026-11-21T23:00:00.000Z", ...ORIGIN, marks, ports: [80] },
          command: "node /srv/app.js",
          restore: "cd /srv && node /srv/app.js",
        },
      },
    ]);
  });

  const becomes: readonly [what: string, knobs: Partial<Knobs>, copy: Partial<OutsideCopy>, options: WorldOptions, end: string][] = [
    ["where trim_outside does not name it", { trimOutside: "orphans" }, { owner: "outside" }, {}, "Reported only (trim_outside: orphans)"],
    ["where another daemon owns it", { trimOutside: "all" }, { owner: "other_daemon" }, {}, "Reported only (trim_outside: all)"],
    ["where it must not be touched", { trimOutside: "all" }, { untouchable: "its user is bob" }, {}, "Reported only: its user is bob"],
    [
      "where nobody counts",
      { trimOutside: "all", maxWorkers: null },
      {},
      {},
      "Ended only where it keeps a worker of PM2's from running: there is no max_workers",
    ],
    ["where it counts", { trimOutside: "all", maxWorkers: 2 }, {}, {}, "It counts: more than 2 are trimmed after they have stood"],
    [
      "where it counts and healer only observes",
      { trimOutside: "orphans" },
      {},
      OBSERVED,
      "It counts: more than 1 are trimmed after they have stood, once mode is heal",
    ],
  ];
  test.each(becomes)("with what becomes of it %s", (_what, knobs, copy, options, end) => {
    const world = watched(knobs, options);
    world.addCopy("app", copy);
    world.advance(10_000);
    expect(world.reasons("duplicate_found")).toEqual([expect.stringMatching(/`node \/srv\/app\.js`\. /)]);
    expect(world.reasons("duplicate_found")[0]?.split("`. ")[1]).toBe(end);
  });
});

describe("a row of PM2's too many is told", () => {
  test("once, and not again after a restart of the daemon", () => {
    const world = watched({}, { apps: { app: 2 }, ...OBSERVED });
    world.advance(10_000);
    rebooted(world);
    world.advance(10 * MINUTE);
    expect(world.lines("duplicate_found")).toMatchObject([{ pm_id: 0, pid: 100, more: { owner: "pm2" } }]);
  });

  test("anew when it is another process", () => {
    const world = watched({}, { apps: { app: 2 }, ...OBSERVED });
    world.advance(10_000);
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(MINUTE);
    expect(pidsTold(world)).toEqual([100, 102]);
  });

  test("without an origin where nobody looks at processes", () => {
    const world = watched({}, { apps: { app: 2 }, ...OBSERVED });
    world.copies = null;
    world.advance(MINUTE);
    expect(world.reasons("duplicate_found")).toEqual(["pm_id 0 (pid 100) is one of 2 rows of PM2's, and not the one to keep"]);
    expect(world.lines("duplicate_found")[0]?.more).toMatchObject({ origin: null });
  });

  test("with its origin, beside the row that is kept; the newer one, which is to prove itself first, is not told", () => {
    const world = watched({}, OBSERVED);
    world.advance(10_000);
    world.pm2.add("app", { instance: "1" });
    world.advance(MINUTE);
    expect(world.reasons("duplicate_found")).toEqual([
      expect.stringMatching(/^pm_id 0 \(pid 100\) is one of 2 rows .* keep; started .* \(1 h before PM2's own row, pm_id 1\), as app/),
    ]);
    expect(world.lines("duplicate_found")[0]?.more).toMatchObject({ owner: "pm2", origin: ORIGIN, command: "/srv/app.js" });
  });

  test("only where somebody says how many there may be", () => {
    const world = watched({ maxWorkers: null }, { apps: { app: 3 } });
    world.advance(10 * MINUTE);
    expect(world.lines("duplicate_found")).toEqual([]);
  });
});

describe("healer explain", () => {
  const told = (world: CoreWorld, id = "app"): readonly string[] => explain(world.state, world.target(id)).duplicates;

  test("says of each copy that runs now what it is, where it comes from and what becomes of it", () => {
    const world = watched({ trimOutside: "orphans" });
    world.addCopy("app", { owner: "outside" });
    world.addCopy("app", { untouchable: "its working directory is /root, not /srv" });
    world.turn();
    expect(told(world)).toEqual([
      expect.stringMatching(
        /^pid 5001 runs beside PM2: the same command.*`node \/srv\/app\.js`\. Reported only \(trim_outside: orphans\)$/,
      ),
      expect.stringMatching(/^pid 5002 runs beside PM2: an orphan.*`\. Reported only: its working directory is \/root, not \/srv$/),
    ]);
    world.copies?.shift();
    world.turn();
    expect(told(world)).toEqual([expect.stringMatching(/^pid 5002 /)]);
  });

  test("says who stays and who is one too many of PM2's rows, and where both come from", () => {
    const world = watched({}, { apps: { app: 2 }, ...OBSERVED });
    world.advance(10_000);
    expect(told(world)).toEqual([
      expect.stringMatching(/^pm_id 0 \(pid 100\) is one too many; started .*PM2's own row, pm_id 1\), as app/),
      expect.stringMatching(/^pm_id 1 \(pid 101\) stays; started .*PM2's own row, pm_id 0\), as app/),
    ]);
  });

  test("says nothing of an app that runs as it should, of a worker, or of what was seen too long ago", () => {
    const world = watched();
    world.turn();
    expect(told(world)).toEqual([]);
    world.addCopy("app");
    world.turn();
    expect(told(world, "app:0")).toEqual([]);
    expect(told(world)).toHaveLength(1);
    world.copies = null;
    world.advance(40_000);
    expect(told(world)).toEqual([]);
  });
});

describe("I13: a wall clock that is set", () => {
  test.each([
    ["forward by an hour", HOUR],
    ["forward by a day", 24 * HOUR],
    ["back by an hour", -HOUR],
  ])("%s neither makes an excess stand longer nor shorter", (_what, byMs) => {
    for (const rows of [1, 2]) {
      const world = crowd({ trimOutside: "orphans" }, { apps: { app: 1 } });
      world.copies = [];
      world.advance(5 * MINUTE);
      if (rows === 1) world.addCopy("app");
      else world.pm2.add("app", { instance: "1" });
      world.advance(10_000);
      world.wallAheadMs += byMs;
      world.advance(46_000);
      expect(gone(world), `${rows} rows: it has stood for 56 s`).toEqual([]);
      world.advance(14_000);
      expect(gone(world), `${rows} rows: it has stood for 70 s`).toEqual([rows === 1 ? "pid 5001" : "pm_id 0"]);
    }
  });
});

test("a row that was too many before healer came is told with its origin, once a look has been made", () => {
  const world = crowd({}, { ...OBSERVED, apps: { app: 2 } });
  world.advance(6_000); // the first look of a machine takes its time
  expect(pidsTold(world)).toEqual([]);
  world.copies = [];
  world.advance(4_000);
  expect(world.lines("duplicate_found").map(({ pm_id, more }) => [pm_id, more?.["origin"] === null])).toEqual([[0, false]]);
});
