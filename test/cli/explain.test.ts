import { expect, test } from "vitest";
import { explainPage } from "../../src/cli/explain-page.ts";
import { explanation } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { WALL_MS } from "../support/log-records.ts";

const guard = (name: string, reason = "", flip = "", leftMs: number | null = null) => ({
  guard: name,
  holds: reason !== "",
  reason,
  flip,
  until: leftMs === null ? null : new Date(WALL_MS + leftMs).toISOString(),
  left_ms: leftMs,
});

const HELD = explanation({
  target: "rpa-worker:2",
  decision: "hold",
  reason: "grace: in its grace period of 3 m, 2 m 10 s left",
  state: "suspect for 30 s",
  flip: "stop-start in 2 m 10 s, at 03:14:55Z (grace), if http-probe still fires then",
  streak: { failed: 1, threshold: 3, next_action: "stop-start" },
  last_heal: { id: "20261122-031045-3", atMs: 0, wallMs: WALL_MS - 120_000, action: "restart", rule: "success-rate", verdict: "failed" },
  rules: [
    {
      rule: "success-rate",
      state: "unknown",
      sustained: false,
      text: "no finished task in the last hour; 10 are needed before a rate means anything",
      flip: "would be a symptom if 8 of the next 10 tasks failed",
      value: null,
      threshold: 0.8,
      n: 0,
      unit: "%",
      low: null,
      high: null,
      stands_ms: null,
    },
    {
      rule: "http-probe",
      state: "sick",
      sustained: false,
      text: "HTTP 500 in 3 of the last 5 probes",
      flip: "clears after 3 answers in a row",
      value: 3,
      threshold: 3,
      n: 5,
      unit: "failed probes",
      low: null,
      high: null,
      stands_ms: 31_000,
    },
    {
      rule: "frozen",
      state: "unknown",
      sustained: false,
      text: "not judged while it is in a heal",
      flip: "",
      value: null,
      threshold: null,
      unit: "",
      n: 0,
      low: null,
      high: null,
      stands_ms: null,
    },
    {
      rule: "memory-above",
      state: "unknown",
      sustained: false,
      text: "not judged while it is in a heal",
      flip: "",
      value: null,
      threshold: null,
      unit: "",
      n: 0,
      low: null,
      high: null,
      stands_ms: null,
    },
  ],
  guards: [
    guard("self"),
    guard("grace", "in its grace period of 3 m, 2 m 10 s left", "the grace period ends", 130_000),
    guard("unavailable", "1 worker of rpa-worker is being healed already, at most 1 at once", "the verdict on rpa-worker:1"),
    guard("budget"),
  ],
});

test("healer explain reads like an answer", () => {
  expect(explainPage(HELD, { columns: 80, colour: false }, WALL_MS)).toBe(`rpa-worker:2 (worker of strategy rpa-worker, mode heal)
  state     suspect for 30 s
  decision  HOLD: grace: in its grace period of 3 m, 2 m 10 s left
  next      stop-start in 2 m 10 s, at 03:14:55Z (grace), if http-probe still
            fires then
  streak    1 of 3 heals in a row did not help; next action: stop-start
  last heal 20261122-031045-3: restart for success-rate, failed, 2 m ago

RULES (one symptom is enough)
  ✗ http-probe: symptom for 31 s, not sustained yet
      HTTP 500 in 3 of the last 5 probes
      → clears after 3 answers in a row
  ? success-rate: no evidence yet
      no finished task in the last hour; 10 are needed before a rate means
      anything
      → would be a symptom if 8 of the next 10 tasks failed
  ? not judged while it is in a heal: frozen, memory-above

GUARDS (each must let pass; 2 of 4 hold)
  ✗ grace        in its grace period of 3 m, 2 m 10 s left
                 → until 03:14:55Z: the grace period ends
  ✗ unavailable  1 worker of rpa-worker is being healed already, at most 1 at
                 once
                 → until: the verdict on rpa-worker:1
  ✓ let pass: self, budget`);
});

test("healer explain gives each duplicate a paragraph, between the decision and the rules", () => {
  const duplicates = [
    "pid 5001 runs beside PM2: the same command, started by somebody else; started 2026-11-22 03:00:11Z, as app",
    "pid 5002 runs under another PM2 daemon\x1b[2J",
  ];
  const page = explainPage(explanation({ kind: "group", duplicates }), { columns: 80, colour: false }, WALL_MS);
  expect(page).toContain(`

DUPLICATES
  ! pid 5001 runs beside PM2: the same command, started by somebody else;
    started 2026-11-22 03:00:11Z, as app
  ! pid 5002 runs under another PM2 daemon\\x1b[2J

RULES`);
  expect(explainPage(explanation(), { columns: 80, colour: false }, WALL_MS)).not.toContain("DUPLICATES");
});

test("a target is asked for as a person writes it, and one that is not there is exit 2 with the candidates", async () => {
  const { cli, plane } = await fakeDaemon();
  plane.explanations.set("ns/rpa worker#3", HELD);
  expect(await cli(["explain", "ns/rpa worker#3"])).toMatchObject({ code: 0, out: expect.stringContaining("HOLD: grace") as unknown });
  expect(JSON.parse((await cli(["explain", "ns/rpa worker#3", "--json"])).out)).toEqual({ status: null, explain: HELD });
  expect(await cli(["explain", "rpa"])).toMatchObject({ code: 2, err: 'no target "rpa"; targets: rpa-worker' });
});
