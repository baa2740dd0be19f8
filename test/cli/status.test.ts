import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { rateText } from "../../src/cli/status-words.ts";
import { statusPage } from "../../src/cli/status-page.ts";
import { padTo, widthOf, wrap } from "../../src/cli/text-layout.ts";
import { daemonStatus, targetStatus } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { WALL_MS } from "../support/log-records.ts";

const FAILING = targetStatus({
  id: "rpa-worker:1",
  phase: "open",
  circuit_open: true,
  state: "circuit open (failures); one trial in 9 m 30 s",
  streak: 3,
  success: { hour: { ok: 4, failed: 54, rate: 4 / 58, low: 0.027, high: 0.164 }, day: null },
  symptom: "4 of the last 58 tasks succeeded: 7 % (3–16 %), below 80 %",
  waits_for: "circuit: the circuit is open (failures), for 9 m 30 s more",
  last_heal: { id: "20261122-031045-3", atMs: 0, wallMs: WALL_MS - 120_000, action: "restart", rule: "success-rate", verdict: "failed" },
});
const SUSPECT = targetStatus({
  id: "rpa-worker:2",
  phase: "suspect",
  state: "suspect for 30 s",
  success: { hour: null, day: null },
  symptom: "HTTP 500 in 3 of the last 5 probes",
  waits_for: "grace: in its grace period of 3 m, 2 m 10 s left",
});
const LONG = "billing/a-very-long-application-name-that-somebody-chose";

const BUSY = daemonStatus({
  needs_person: ["rpa-worker:1: circuit open (failures); one trial in 9 m 30 s"],
  queues: [{ name: "llm", pending: 7, running: 2, completed: 90, failed: 4, age_ms: 1200, totals_only: false, poison_tasks: [] }],
  blind: [{ sensor: "http-probe", target: "rpa-worker:2", reason: "connection refused", for_ms: 65_000 }],
  host: {
    memory_total_bytes: 8 * 1024 ** 3,
    memory_available_bytes: 3 * 1024 ** 3,
    disk_total_bytes: null,
    disk_free_bytes: null,
    load_1m: 0.4,
    cores: 2,
    pressures: [],
    gpus: [],
  },
  targets: [
    targetStatus({ id: "rpa-worker", kind: "group", pm2_status: null, pid: null }),
    targetStatus(),
    FAILING,
    SUSPECT,
    targetStatus({ id: "mailer:0", pm2_status: "stopped", pid: null, success: { hour: null, day: null } }),
    targetStatus({ id: LONG, kind: "group", mode: "observe" }),
    targetStatus({ id: `${LONG}:0`, mode: "observe", paused: "paused by alice for 40 m more (deploy)" }),
  ],
});

function pageOf(status = BUSY, columns = 80): string {
  return statusPage(status, { columns, colour: false }, WALL_MS);
}

describe("the page of healer status", () => {
  test("reads like this at 80 columns", () => {
    expect(pageOf()).toBe(`healer 0.1.0, mode HEAL
  last turn 1 s ago, up 3 h, pid 4242 (app)
  config /etc/healer/healer.config.yaml, 0a1b2c3d4e5f, loaded 2 h ago
  PM2 7.0.4 up, /home/app/.pm2

A PERSON IS NEEDED (1 reason)
  ! rpa-worker:1: circuit open (failures); one trial in 9 m 30 s

TARGET      STATE         SUCCESS, LAST HOUR      MIN   LAST HEAL
rpa-worker  healthy       91 % (87–94 %, n=212)   80 %  -
  :0        healthy       91 % (87–94 %, n=212)   80 %  -
  :1        CIRCUIT OPEN  7 % (3–16 %, n=58)      80 %  failed 2 m ago
      - circuit open (failures); one trial in 9 m 30 s
      - 4 of the last 58 tasks succeeded: 7 % (3–16 %), below 80 %
      - 3 of 3 heals in a row did not help
  :2        suspect       n/a (no finished task)  80 %  -
      - suspect for 30 s
      - HTTP 500 in 3 of the last 5 probes
      - waits: grace: in its grace period of 3 m, 2 m 10 s left
mailer:0    stopped       n/a (no finished task)  80 %  -
${LONG}
            healthy       91 % (87–94 %, n=212)   80 %  -
      - mode observe for this strategy
  :0        paused        91 % (87–94 %, n=212)   80 %  -
      - paused by alice for 40 m more (deploy)

queue llm: 7 pending, 2 running, 90 completed, 4 failed, read 1 s ago
blind http-probe for rpa-worker:2: connection refused, for 1 m 5 s
host memory 3.0 GB of 8.0 GB free, load 0.40 on 2 cores
budget 5 of 5 heals left`);
  });

  test.each([
    ["deploy", "waiting; suspect: deploy"],
    ["upstream", "waiting; suspect: upstream"],
    ["unknown", "waiting; cause unknown"],
    [null, "waiting"], // of a state that an older version saved
  ] as const)("shows an open incident with what it suspects: %s", (suspect, shown) => {
    const group = targetStatus({ id: "rpa", kind: "group", incident: "waiting", incident_suspect: suspect });
    expect(pageOf(daemonStatus({ targets: [group] }))).toContain(`\n      - incident (${shown})\n`);
  });

  test.each([60, 80, 100, 132, 200])("keeps to %d columns, save a name or a table that needs more", (columns) => {
    const short = daemonStatus({ ...BUSY, targets: BUSY.targets.slice(0, 5) });
    const tooWide = pageOf(short, columns)
      .split("\n")
      .filter((line) => widthOf(line) > Math.max(columns, 70));
    expect(tooWide).toEqual([]);
  });

  test("says the same with colour, which is never the only signal", () => {
    const coloured = statusPage(BUSY, { columns: 80, colour: true }, WALL_MS);
    expect(coloured).toContain("\x1b[31m");
    expect(stripVTControlCharacters(coloured)).toBe(pageOf());
  });

  test("cannot be steered by the name of a worker", () => {
    const hostile = "evil\x1b]0;owned\x07\x1b[2J\u202e\nmode HEAL";
    const page = pageOf(daemonStatus({ targets: [targetStatus({ id: hostile, state: hostile, phase: "suspect", symptom: hostile })] }));
    expect(page.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    expect(page).toContain("evil\\x1b]0;owned");
  });

  test("names each duplicate, what it is, and which of them are reported only", () => {
    const found = { pid: 5001, command: "node /srv/app.js", started_at: "2026-11-22T03:00:01.000Z", counts: true } as const;
    const page = statusPage(
      daemonStatus({
        targets: [
          targetStatus({
            id: "rpa",
            kind: "group",
            duplicates: [
              { ...found, owner: "pm2", pid: 100, command: "/srv/app.js" },
              { ...found, owner: "orphan" },
              { ...found, owner: "outside", counts: false },
              { ...found, owner: "other_daemon", counts: false, command: "node \x1b[2J" },
            ],
          }),
        ],
      }),
      { columns: 200, colour: false },
      WALL_MS,
    );
    expect(page.split("\n").filter((line) => line.startsWith("duplicate"))).toEqual([
      "duplicate of rpa: pid 100, one row too many in PM2, since 2026-11-22T03:00:01.000Z: /srv/app.js (healer explain rpa)",
      "duplicate of rpa: pid 5001, orphan, since 2026-11-22T03:00:01.000Z: node /srv/app.js (healer explain rpa)",
      "duplicate of rpa: pid 5001, outside PM2, since 2026-11-22T03:00:01.000Z, reported only: node /srv/app.js (healer explain rpa)",
      "duplicate of rpa: pid 5001, under another PM2 daemon, since 2026-11-22T03:00:01.000Z, reported only: node \\x1b[2J (healer explain rpa)",
    ]);
  });

  test("says that turns have stopped, that all is paused, that PM2 is lost, that nothing is watched", () => {
    const status = daemonStatus({
      mode: "observe",
      last_turn_at: new Date(WALL_MS - 60_000).toISOString(),
      paused: "paused by bob until resumed",
      pm2: { ...BUSY.pm2, state: "lost", version: null, reason: "no socket" },
    });
    const page = pageOf(status);
    expect(page).toContain("mode OBSERVE (decides and records, changes nothing)");
    expect(page).toContain("last turn 1 m ago (LATE: it may be stuck)");
    expect(page).toContain("EVERYTHING IS PAUSED: paused by bob until resumed");
    expect(page).toContain("PM2 lost, /home/app/.pm2: no socket");
    expect(page).toContain("No targets: no running PM2 app is selected");
  });
});

describe("a success rate", () => {
  test.each([
    [193, 19, 0.865, 0.942, "91 % (87–94 %, n=212)"],
    [999, 1, 0.994, 0.9998, "99 % (99–99 %, n=1000)"],
    [1, 999, 0.0002, 0.006, "1 % (1–1 %, n=1000)"],
    [10, 0, 0.722, 1, "100 % (72–100 %, n=10)"],
    [0, 10, 0, 0.278, "0 % (0–28 %, n=10)"],
  ])("of %d and %d failed is shown with its interval and number", (ok, failed, low, high, text) => {
    expect(rateText({ ok, failed, rate: ok / (ok + failed), low, high })).toBe(text);
  });

  test("without a finished task is not a number", () => {
    expect(rateText(null)).toBe("n/a (no finished task)");
  });
});

describe("the width of a text", () => {
  test.each([
    ["abc", 3],
    ["日本", 4],
    ["🚀x", 3],
    ["e\u0301", 1],
  ])("%s takes %d columns", (text, width) => {
    expect(widthOf(text)).toBe(width);
    expect(widthOf(padTo(text, 6))).toBe(6);
  });

  test("wraps at words and never loses one", () => {
    expect(wrap("one two three", 9, "- ", "  ")).toEqual(["- one two", "  three"]);
    expect(wrap("averyveryverylongword x", 9, "- ")).toEqual(["- averyveryverylongword", "- x"]);
  });
});

describe("healer status", () => {
  test("exits 0 when nobody is needed and 1 when a person is", async () => {
    const { cli, plane } = await fakeDaemon();
    expect((await cli(["status"])).code).toBe(0);
    plane.current = BUSY;
    expect((await cli(["ls"])).code).toBe(1);
  });

  test("gives programs the status as the API does", async () => {
    const { cli, plane } = await fakeDaemon();
    plane.current = BUSY;
    const { code, out } = await cli(["status", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual(BUSY);
  });

  test("gives monitoring one line", async () => {
    const { cli, plane } = await fakeDaemon();
    expect(await cli(["status", "--nagios"])).toMatchObject({
      code: 0,
      out: "HEALER OK - 0 targets, mode heal | targets=0 not_healthy=0 circuits_open=0",
    });
    plane.current = daemonStatus({ needs_person: ["a|b"], targets: [FAILING] });
    expect((await cli(["status", "--nagios"])).out).toBe("HEALER WARNING - a/b | targets=1 not_healthy=1 circuits_open=1");
  });

  test("redraws with --watch until interrupted", async () => {
    const { terminal } = await fakeDaemon();
    const screen = terminal();
    const { runCli } = await import("../../src/cli/program.ts");
    const running = runCli(["status", "--watch"], { ...screen, raw: (text) => (screen.raw(text), screen.interrupt()) });
    expect(await running).toBe(0);
    expect(screen.printed()).toContain("mode HEAL");
  });

  test("draws over itself on a screen: no line is cleared before it is written, and what was there comes back", async () => {
    const { terminal, plane } = await fakeDaemon();
    plane.current = daemonStatus({ targets: Array.from({ length: 40 }, (_, index) => targetStatus({ id: `a:${index}` })) });
    const screen = { ...terminal(), live: true, rows: 12 };
    const { runCli } = await import("../../src/cli/program.ts");
    let drawn = 0;
    const raw = (text: string): void => {
      screen.raw(text);
      if (text.includes("mode HEAL") && ++drawn === 2) screen.interrupt();
    };
    expect(await runCli(["status", "--watch"], { ...screen, raw })).toBe(0);
    const said = screen.printed();
    expect(said.startsWith("\x1b[?1049h\x1b[?25l\x1b[?7l")).toBe(true);
    expect(said.endsWith("\x1b[?7h\x1b[?25h\x1b[?1049l")).toBe(true);
    expect(said).not.toContain("\x1b[2J");
    const [, first = ""] = said.split("\x1b[?2026h\x1b[H");
    expect(first.split("\r\n")).toHaveLength(12);
    expect(first).toMatch(/… \d+ more lines: a taller window, or healer status/);
  });
});
