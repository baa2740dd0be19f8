import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { OutsideCopy } from "../../src/core/copy.ts";
import type { TrimOutside } from "../../src/core/strategy.ts";
import { mayEnd, planTrim, type GroupCopy, type GroupFacts, type GroupWorker, type Member } from "../../src/core/trim-plan.ts";
import { restoreCommand, sayPlan } from "../../src/core/trim-words.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { outsideCopy } from "../support/outside-copy.ts";
import { workerRow } from "../support/worker-row.ts";

/** Who stays and who goes, of plain values (interface.md §3, decision-core I10). */

const NOW = 10_000_000;
const HOUR = 3_600_000;

/** A row of the app, up for so long; null = its process is not ready yet. */
function row(pmId: number, upMs: number | null, change: Partial<WorkerRow> = {}): GroupWorker {
  const all = workerRow({ pmId, name: "app", instance: String(pmId), script: "/srv/app.js", pid: 100 + pmId, ...change });
  return { id: `app:${pmId}`, row: all, readyAtMs: upMs === null ? null : NOW - upMs };
}

function copy(pid: number, upMs: number, change: Partial<OutsideCopy> = {}): GroupCopy {
  return { copy: outsideCopy({ pid, startTicks: pid, ...change }), startedAtMs: NOW - upMs };
}

function factsOf(...members: readonly (GroupWorker | GroupCopy)[]): GroupFacts {
  return {
    workers: members.flatMap((member) => ("row" in member ? [member] : [])),
    copies: members.flatMap((member) => ("copy" in member ? [member] : [])),
    copiesAtMs: NOW,
  };
}

function planOf(members: readonly (GroupWorker | GroupCopy)[], keep = 1, outside: TrimOutside = "all") {
  return planTrim(factsOf(...members), { keep, outside }, NOW);
}

function named(member: Member): string {
  return member.kind === "row" ? `pm_id ${member.worker.row.pmId}` : `pid ${member.copy.pid}`;
}

/** "pm_id 2 | pid 5001, pm_id 0": who stays, and who goes in that order; a script after another with "; ". */
function inShort(members: readonly (GroupWorker | GroupCopy)[], keep?: number, outside?: TrimOutside): string {
  const units = planOf(members, keep, outside);
  return units.map(({ keeps, victims }) => `${keeps.map(named).join(", ")} | ${victims.map(named).join(", ")}`).join("; ");
}

describe("of those that run", () => {
  const old = [row(0, 3 * HOUR), row(1, 2 * HOUR), row(2, HOUR)];
  const cases: readonly [what: string, members: readonly (GroupWorker | GroupCopy)[], keep: number, plan: string][] = [
    ["the newest row stays, the oldest goes first", old, 1, "pm_id 2 | pm_id 0, pm_id 1"],
    ["the newest two stay", old, 2, "pm_id 2, pm_id 1 | pm_id 0"],
    ["nobody goes where as many may be", old, 3, ""],
    ["nobody goes where more may be", old, 9, ""],
    ["the newest is the highest pm_id, whichever of them was restarted last", [row(0, HOUR), row(1, 2 * HOUR)], 1, "pm_id 1 | pm_id 0"],
    ["pm_ids are numbers: 10 is newer than 9", [row(10, HOUR), row(9, HOUR)], 1, "pm_id 10 | pm_id 9"],
    ["a row up for less than 10 s goes before an older one that works", [row(0, HOUR), row(1, 9_999)], 1, "pm_id 0 | pm_id 1"],
    ["a row up for 10 s is as good as any", [row(0, HOUR), row(1, 10_000)], 1, "pm_id 1 | pm_id 0"],
    ["a row that is not ready yet is a young one", [row(0, HOUR), row(1, null)], 1, "pm_id 0 | pm_id 1"],
    [
      "a young row goes last: it may be the one to keep in a moment",
      [row(0, HOUR), row(1, HOUR), row(2, 5_000), copy(5001, HOUR)],
      1,
      "pm_id 1 | pid 5001, pm_id 0, pm_id 2",
    ],
    ["the newest of young rows stays", [row(0, 5_000), row(1, 2_000)], 1, "pm_id 1 | pm_id 0"],
    ["a row of PM2's stays before any copy, however new", [row(0, 3 * HOUR), copy(5001, 60_000)], 1, "pm_id 0 | pid 5001"],
    ["a young row of PM2's stays before any copy", [row(0, 1_000), copy(5001, HOUR)], 1, "pm_id 0 | pid 5001"],
    ["copies go before rows", [...old, copy(5001, 60_000)], 1, "pm_id 2 | pid 5001, pm_id 0, pm_id 1"],
    [
      "of copies the newest stays, the oldest goes first",
      [copy(5003, 1), copy(5001, 3), copy(5002, 2), row(0, 4)],
      2,
      "pm_id 0, pid 5003 | pid 5001, pid 5002",
    ],
    ["copies stay where PM2 runs fewer than may be", [row(0, HOUR), copy(5001, HOUR)], 2, ""],
    [
      "copies are counted beside a row that is stopped",
      [row(0, null, { status: "stopped", pid: null }), copy(1, 2), copy(2, 1)],
      1,
      "pid 2 | pid 1",
    ],
    [
      "two programs under one name are each counted for themselves",
      [
        row(0, HOUR),
        row(1, HOUR),
        row(2, HOUR, { script: "/srv/b.js" }),
        row(3, HOUR, { script: "/srv/b.js" }),
        copy(7, 9, { script: "/srv/b.js" }),
      ],
      1,
      "pm_id 1 | pm_id 0; pm_id 3 | pid 7, pm_id 2",
    ],
    ["one of each of two programs is nobody too many", [row(0, HOUR), row(1, HOUR, { script: "/srv/b.js" })], 1, ""],
    [
      "copies of a program that no row runs are nobody's",
      [row(0, HOUR), copy(1, 9, { script: "/srv/b.js" }), copy(2, 9, { script: "/srv/b.js" })],
      1,
      "",
    ],
  ];
  test.each(cases)("%s", (_what, members, keep, plan) => {
    expect(inShort(members, keep)).toBe(plan);
    expect(inShort(members.toReversed(), keep).split("; ").toSorted(), "however they are listed").toEqual(plan.split("; ").toSorted());
  });

  test.each([
    ["launching", 7],
    ["stopping", 7],
    ["waiting restart", 7],
    ["stopped", null],
    ["errored", null],
    ["online", null], // a ghost
  ] as const)("a row that is %s (pid %s) is not one that runs", (status, pid) => {
    expect(inShort([row(0, HOUR), row(1, HOUR, { status, pid })])).toBe("");
  });

  test("copies that started in the same instant are always in the same order", () => {
    const [one, two, three] = [copy(5001, 60_000), copy(5002, 60_000), copy(5003, 60_000)];
    const orders = [
      [one, two, three],
      [one, three, two],
      [two, one, three],
      [two, three, one],
      [three, one, two],
      [three, two, one],
    ];
    expect(new Set(orders.map((copies) => inShort([row(0, HOUR), ...copies], 2)))).toEqual(
      new Set(["pm_id 0, pid 5003 | pid 5001, pid 5002"]),
    );
  });
});

describe("what stands and what is safe:", () => {
  test("they have been too many since the start that made them so, not since the newest", () => {
    expect(planOf([row(0, 300_000), row(1, 200_000), row(2, 100_000)], 1)[0]?.sinceMs).toBe(NOW - 200_000);
    expect(planOf([row(0, 300_000), row(1, 200_000), row(2, 100_000)], 2)[0]?.sinceMs).toBe(NOW - 100_000);
    expect(planOf([row(0, 300_000), copy(5001, 400_000)], 1)[0]?.sinceMs).toBe(NOW - 300_000);
  });

  test("a row that never became ready makes them too many only now", () => {
    expect(planOf([row(0, HOUR), row(1, null)])[0]?.sinceMs).toBe(NOW);
  });

  const slip = (configured: number, keep: number): string =>
    `PM2 is configured to run ${configured} of it, and ${keep} may be: one of the two is a slip`;
  const three = (configuredInstances: number): readonly GroupWorker[] => [0, 1, 2].map((pmId) => row(pmId, HOUR, { configuredInstances }));
  const young = (name: string, words: string): string => `${name} has only been up for ${words}, and would be one to keep`;
  const cases: readonly [what: string, members: readonly (GroupWorker | GroupCopy)[], keep: number, unsafe: string | null][] = [
    ["rows that all stand are safe", three(1), 1, null],
    ["PM2 configured to run as many as may be is safe", three(2), 2, null],
    ["PM2 configured to run more is a slip", three(2), 1, slip(2, 1)],
    ["one row configured for more is enough", [row(0, HOUR), row(1, HOUR, { configuredInstances: 4 })], 1, slip(4, 1)],
    ["a young row to keep has to prove itself first", [row(0, 4_000), copy(5001, HOUR)], 1, young("pm_id 0 (pid 100)", "4 s")],
    ["one of several to keep is enough", [row(0, HOUR), row(1, 9_000), row(2, 1_000)], 2, young("pm_id 2 (pid 102)", "1 s")],
    ["a young row that goes does not matter", [row(0, HOUR), row(1, 4_000)], 1, null],
    ["a young copy that goes does not matter", [row(0, HOUR), copy(5001, 4_000)], 1, null],
    ["a young copy to keep matters", [row(0, HOUR), copy(1, 1_000), copy(2, HOUR)], 2, young("orphan pid 1", "1 s")],
  ];
  test.each(cases)("%s", (_what, members, keep, unsafe) => {
    const [unit] = planOf(members, keep);
    expect(unit?.victims.length).toBeGreaterThan(0);
    expect(unit?.unsafe).toBe(unsafe);
  });
});

describe("a copy may be ended", () => {
  const elsewhere = { untouchable: "its working directory is /root, not /srv" };
  test.each([
    ["an orphan", {}, ["orphans", "all"]],
    ["somebody else's", { owner: "outside" }, ["all"]],
    ["another daemon's row", { owner: "other_daemon" }, []],
    ["an orphan in another directory", elsewhere, []],
    ["somebody else's in another directory", { owner: "outside", ...elsewhere }, []],
  ] as const)("%s: %j, where trim_outside is one of %j", (_what, change, allowing) => {
    const every = ["none", "orphans", "all"] as const;
    expect(every.filter((outside) => mayEnd(outsideCopy(change), outside))).toEqual(allowing);
    for (const outside of every) {
      const counted = inShort([row(0, HOUR), copy(5001, HOUR, change)], 1, outside);
      expect(counted, `${outside}: counted only where it may be ended`).toBe(
        (allowing as readonly string[]).includes(outside) ? "pm_id 0 | pid 5001" : "",
      );
    }
  });
});

test.each([
  ["who stays is settled where all rows stand", [row(0, HOUR), row(1, 10_000)], null],
  [
    "a row that has only just come may be the one to keep in a moment",
    [row(0, HOUR), row(1, 9_000)],
    "pm_id 1 (pid 101) has only been up for 9 s, and may be the one to keep",
  ],
  ["a copy that has only just come never is", [row(0, HOUR), copy(5001, 1_000)], null],
] as const)("%s", (_what, members, unsettled) => {
  expect(planOf(members)[0]?.unsettled).toBe(unsettled);
});

test("the list names who stays and who goes, in that order, with start and command", () => {
  const members = [
    row(0, 26 * HOUR),
    row(3, HOUR),
    copy(5001, 90_000, { owner: "outside", startedWallMs: 1_700_000_090_000, command: "python3 worker.py --token ***" }),
    row(4, HOUR, { script: "/srv/b.js" }),
    row(5, HOUR, { script: "/srv/b.js" }),
  ];
  expect(sayPlan(planOf(members))).toBe(
    [
      "/srv/app.js: 3 workers where 1 may be",
      "  keep pm_id 3 (pid 103), since 2023-11-14 22:13:20Z",
      "  end  outside copy pid 5001, since 2023-11-14 22:14:50Z: python3 worker.py --token ***",
      "  end  pm_id 0 (pid 100), since 2023-11-14 22:13:20Z: /srv/app.js",
      "/srv/b.js: 2 workers where 1 may be",
      "  keep pm_id 5 (pid 105), since 2023-11-14 22:13:20Z",
      "  end  pm_id 4 (pid 104), since 2023-11-14 22:13:20Z: /srv/b.js",
    ].join("\n"),
  );
});

describe("the command that brings it back", () => {
  const SECRET = "hunter2hunter2";
  const of = (change: Partial<WorkerRow>): string =>
    restoreCommand({ kind: "row", sinceMs: 0, worker: row(0, HOUR, { cwd: "/srv", ...change }) });
  const start = "pm2 start /srv/app.js --name app -f";

  test.each([
    ["a fork worker of Node's", {}, `${start} --cwd /srv`],
    ["one of a cluster", { mode: "cluster" }, `${start} --cwd /srv -i 1`],
    [
      "one of another interpreter",
      { interpreter: "/usr/bin/python3", isNode: false },
      `${start} --cwd /srv --interpreter /usr/bin/python3`,
    ],
    ["one of a namespace", { namespace: "blue" }, `${start} --namespace blue --cwd /srv`],
    ["one whose directory PM2 does not say", { cwd: null }, start],
    ["one with arguments", { args: ["--port", "80", "a b"] }, `${start} --cwd /srv -- --port 80 'a b'`],
    ["one with more arguments than healer reads", { args: null }, `${start} --cwd /srv # and its arguments, which are too long for healer`],
    ["a secret behind its option", { args: ["--token", SECRET, "-v"] }, `${start} --cwd /srv -- --token '***' -v`],
    ["a secret in one word", { args: [`--api-key=${SECRET}`] }, `${start} --cwd /srv -- '--api-key=***'`],
    ["a login in an address", { args: [`amqp://bob:${SECRET}@q/vhost`] }, `${start} --cwd /srv -- 'amqp://***@q/vhost'`],
  ] as const)("of %s", (_what, change, command) => {
    expect(of(change)).toBe(command);
    expect(of(change)).not.toContain(SECRET);
  });

  test("means the same to a shell, whatever they are called", () => {
    const args = ["it's", "$(touch /tmp/x)", "`id`", "a;b", "*", "", "two\nlines", "--flag"];
    const command = of({ name: "it's; rm -rf ~", namespace: "a b", script: "/srv/$HOME/app's.js", cwd: "/srv/ä b", args });
    const words = execFileSync("/bin/sh", ["-c", `pm2() { printf '%s\\0' "$@"; }\n${command}`], { encoding: "utf8" }).split("\0");
    expect(words.slice(0, -1)).toEqual([
      ...["start", "/srv/$HOME/app's.js", "--name", "it's; rm -rf ~", "-f", "--namespace", "a b", "--cwd", "/srv/ä b", "--"],
      ...args,
    ]);
  });

  test("of a copy is the sensor's own", () => {
    const found = outsideCopy({ restore: "cd /srv && nohup node app.js --token '***' &" });
    expect(restoreCommand({ kind: "copy", sinceMs: 0, copy: found })).toBe("cd /srv && nohup node app.js --token '***' &");
  });
});
