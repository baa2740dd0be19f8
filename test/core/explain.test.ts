import { describe, expect, test } from "vitest";
import { explain, type Explanation } from "../../src/core/explain.ts";
import { CoreWorld, type WorldOptions } from "../support/core-world.ts";
import { FINE, SICK } from "../support/scripted-rules.ts";

const MINUTE = 60_000;

interface Case {
  readonly what: string;
  readonly options?: WorldOptions;
  readonly given: (world: CoreWorld) => void;
  readonly target?: string;
  readonly decision: Explanation["decision"];
  readonly flip: RegExp;
}

/** Every state of the machine and every kind of hold, and the one sentence that says what would change it. */
const CASES: readonly Case[] = [
  { what: "a healthy worker", given: () => {}, decision: "none", flip: /^probe: the test says otherwise$/ },
  {
    what: "a healthy group",
    given: () => {},
    target: "app",
    decision: "none",
    flip: /^never as a group: its workers are judged one by one$/,
  },
  {
    what: "a healthy worker in its grace period",
    options: { uptimeMs: MINUTE },
    given: () => {},
    decision: "none",
    flip: /^probe: the test says otherwise; grace holds it for 2 m more, until 00:02:00Z$/,
  },
  {
    what: "a symptom that is not sustained",
    given: (world) => void world.scripts.set("app:0", { ...SICK, sustained: false }),
    decision: "hold",
    flip: /^probe: the test says otherwise$/,
  },
  {
    what: "a hold that time lifts",
    options: { uptimeMs: MINUTE },
    given: (world) => world.sicken("app:0"),
    decision: "hold",
    flip: /^restart in 2 m, at 00:02:00Z \(grace\), if probe still fires then$/,
  },
  {
    what: "two holds, of which the later one counts",
    options: { uptimeMs: MINUTE },
    given: (world) => {
      world.command({ name: "pause", target: "app:0", forMs: 5 * MINUTE, reason: "" });
      world.sicken("app:0");
    },
    decision: "hold",
    flip: /^restart in 5 m, at 00:05:00Z \(paused\), if probe still fires then$/,
  },
  {
    what: "holds that only people and PM2 lift",
    given: (world) => {
      world.command({ name: "pause", target: "app", forMs: null, reason: "" });
      world.sicken("app:0");
      world.turn();
      world.pm2.lost = "gone";
    },
    decision: "hold",
    flip: /^restart when PM2 answers again, and somebody runs healer resume app, if probe still fires then$/,
  },
  {
    what: "a pause of everything",
    given: (world) => {
      world.command({ name: "pause", target: null, forMs: null, reason: "" });
      world.sicken("app:0");
    },
    decision: "hold",
    flip: /^restart when somebody runs healer resume --all, if probe still fires then$/,
  },
  {
    what: "mode observe",
    options: { strategy: { mode: "observe" } },
    given: (world) => world.sicken("app:0"),
    decision: "hold",
    flip: /^restart when the mode is heal, if probe still fires then$/,
  },
  {
    what: "an intent that is being written",
    given: (world) => {
      world.faults.confirmTakesMs = MINUTE;
      world.sicken("app:0");
      world.untilPhase("app:0", "intent");
    },
    decision: "busy",
    flip: /^acts as soon as the record is on disk and PM2 was read again/,
  },
  {
    what: "an action under way",
    given: (world) => {
      world.faults.takesMs = MINUTE;
      world.sicken("app:0");
      world.untilPhase("app:0", "acting");
    },
    decision: "busy",
    flip: /^ends when PM2 is done, or in \d.* at \d\d:\d\d:\d\dZ at the latest; then it is watched for 3 m$/,
  },
  {
    what: "a heal that is watched",
    given: (world) => {
      world.sicken("app:0");
      world.untilPhase("app:0", "verifying");
      world.cure("app:0");
    },
    decision: "busy",
    flip: /^the verdict comes in \d.*Z, at the earliest; as it looks now: recovered; if it fails: stop-start after a wait of up to 30 s$/,
  },
  {
    what: "a heal whose grace is over without proof",
    given: (world) => {
      world.sicken("app:0");
      world.untilPhase("app:0", "verifying");
      world.scripts.set("app:0", { ...FINE, verdict: "undecided" });
      world.advance(4 * MINUTE);
    },
    decision: "busy",
    flip: /^the verdict comes as soon as probe can tell, and in \d+ m.*, at the latest \(then: inconclusive\)/,
  },
  {
    what: "the wait after a failed heal",
    given: (world) => {
      world.sicken("app:0");
      world.untilPhase("app:0", "backoff");
    },
    decision: "hold",
    flip: /^stop-start in \d+ s, at .*Z \(backoff\), if probe still fires then$/,
  },
  {
    what: "an open circuit",
    given: (world) => {
      world.sicken("app:0");
      world.untilPhase("app:0", "open");
    },
    decision: "hold",
    flip: /^one trial \(restart\) in 3\d m .*Z, if probe still fires then; after the repair: healer reset app:0$/,
  },
  {
    what: "an open circuit of a worker that is well again",
    given: (world) => {
      world.sicken("app:0");
      world.untilPhase("app:0", "open");
      world.cure("app:0");
    },
    decision: "none",
    flip: /^closes by itself in 3\d m .*Z, if it is still well then; after the repair: healer reset app:0$/,
  },
  {
    what: "a crash loop that was stopped",
    given: (world) => {
      for (let crash = 0; crash < 4; crash++) {
        world.pm2.crash(world.pm2.row("app:0"));
        world.advance(2000);
      }
    },
    decision: "busy",
    flip: /^started once in \d+ s, at .*Z, as a trial; healer reset app:0 starts it now$/,
  },
  {
    what: "a restart by somebody else",
    given: (world) => {
      world.pm2.restart(world.pm2.row("app:0"));
      world.turn();
      world.sicken("app:0");
    },
    decision: "hold",
    flip: /^restart in 3 m, at 00:03:00Z \(grace\), if probe still fires then$/,
  },
  {
    what: "a worker that its operator has stopped",
    given: (world) => world.pm2.stop(world.pm2.row("app:0")),
    decision: "none",
    flip: /^somebody has to start it; nothing is judged by while it is stopped$/,
  },
  {
    what: "an incident that may pass",
    options: { apps: { app: 4 } },
    given: (world) => world.sicken("app:0", "app:1"),
    decision: "hold",
    flip: /^restart in 4 m, at 00:04:00Z \(incident\), if probe still fires then and no other of its group goes first$/,
  },
  {
    what: "an incident whose canary is another",
    options: { apps: { app: 4 } },
    given: (world) => {
      world.sicken("app:0", "app:1");
      world.untilPhase("app:0", "verifying");
    },
    target: "app:1",
    decision: "hold",
    flip: /^restart when the canary recovers, or the incident ends, and the verdict on app:0 is in, if probe still fires then$/,
  },
  {
    what: "the canary itself",
    options: { apps: { app: 4 } },
    given: (world) => {
      world.sicken("app:0", "app:1");
      world.untilPhase("app:0", "verifying");
    },
    decision: "busy",
    flip: /if it fails: the incident waits and tries another worker$/,
  },
];

describe("explain, what would change it", () => {
  test.each(CASES)("of $what", ({ options, given, target = "app:0", decision, flip }) => {
    const world = new CoreWorld(options);
    given(world);
    world.turn();
    const explained = explain(world.state, world.target(target));
    expect(explained.flip).toMatch(flip);
    expect(explained.decision).toBe(decision);
  });

  test("names the circuit that would open instead of one heal more", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE, knobs: { maxHealsPerHour: 1 } });
    world.target("app:0").control = { ...world.control("app:0"), healsAtMs: [world.nowMs - 5 * MINUTE] };
    world.sicken("app:0");
    world.turn();
    expect(explain(world.state, world.target("app:0")).flip).toMatch(/^the circuit opens instead of another heal in 2 m/);
  });

  test("names who is asked before it and may take what is left", () => {
    const world = new CoreWorld({ apps: { app: 1, other: 1 }, uptimeMs: MINUTE, policy: { budget: { tokens: 1, refillMs: 5 * MINUTE } } });
    world.sicken("app:0");
    world.turn();
    world.sicken("other:0");
    world.turn();
    for (const id of ["app:0", "other:0"]) Object.assign(world.target(id).view, { readyAtMs: world.nowMs - 5 * MINUTE });
    expect(explain(world.state, world.target("other:0"))).toMatchObject({
      decision: "heal",
      reason: expect.stringContaining("at the next turn, unless app:0 (more urgent, asked first) takes") as unknown,
    });
    world.advance(2000);
    expect(world.executed.map(({ target }) => target)).toEqual(["app:0"]);
  });
});

describe("explain, the numbers", () => {
  test("come with unit, interval and how long the symptom has stood, and guards with a clock time", () => {
    const world = new CoreWorld({ uptimeMs: MINUTE });
    world.sicken("app:0");
    world.turn();
    const { at, rules, guards } = explain(world.state, world.target("app:0"));
    expect(at).toBe("2026-11-22T00:00:00.000Z");
    expect(rules[0]).toMatchObject({ rule: "probe", state: "sick", value: 1, threshold: 3, n: 5, low: null, high: null, stands_ms: 0 });
    expect(guards.find(({ guard }) => guard === "grace")).toMatchObject({
      holds: true,
      until: "2026-11-22T00:02:00.000Z",
      left_ms: 120_000,
    });
    expect(guards.find(({ guard }) => guard === "budget")).toMatchObject({ holds: false, until: null, left_ms: null });
  });

  test("are not told of a worker that nobody judges: what stood before its heal is no news", () => {
    const world = new CoreWorld();
    world.faults.takesMs = MINUTE;
    world.sicken("app:0");
    world.untilPhase("app:0", "acting");
    world.turn();
    expect(explain(world.state, world.target("app:0")).rules[0]).toMatchObject({
      state: "unknown",
      text: "not judged while it is in a heal",
      flip: "",
    });
  });

  test("say how far the trouble of a group is, for the group and its members", () => {
    const world = new CoreWorld({ apps: { app: 4 } });
    world.sicken("app:0", "app:1");
    world.turn();
    const incidentOf = (id: string) => explain(world.state, world.target(id)).incident;
    expect(incidentOf("app")).toBe(
      "workers of app went bad together 0 s ago; one of them is healed first, in 4 m, at 00:04:00Z, if that does not pass by itself before",
    );
    expect(incidentOf("app:3")).toBe(incidentOf("app"));
    world.untilPhase("app:0", "verifying");
    expect(incidentOf("app:1")).toContain("app:0 is being healed first; the others wait for its verdict");
  });
});

test("a stop that is due after a failed trial is announced, although no rule fires", () => {
  const world = new CoreWorld();
  world.target("app:0").control = {
    ...world.control("app:0"),
    phase: { name: "suspect", sinceMs: world.nowMs, trial: false, contain: { rule: "storm", reason: "the last heal did not help" } },
  };
  expect(explain(world.state, world.target("app:0"))).toMatchObject({
    decision: "heal",
    reason: "it must be stopped and no guard holds: hold-down at the next turn",
    flip: "hold-down with the next turn",
  });
});
