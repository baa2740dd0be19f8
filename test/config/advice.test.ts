import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { initConfig } from "../../src/config/init.ts";
import type { Observed, ObservedBoot, WorkerRate } from "../../src/config/observed.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { workerRow as row } from "../support/worker-row.ts";
import { loaded, small } from "./loaded.ts";

const QUIET = "notify: [{type: webhook, url: 'http://127.0.0.1:1/'}]\n";
const GB = 1024 ** 3;
const THREE = [0, 1, 2].map((pmId) => row({ pmId, instance: String(pmId) }));
const QUEUE = "    queue: llm\n";

interface Case {
  readonly extra?: string;
  readonly rows?: readonly WorkerRow[];
  readonly observed?: Observed;
}

/** "path: message | write" each; the queue is named so that nobody complains that it is not read. */
function advice({ extra = QUEUE, rows = THREE, observed = {} }: Case) {
  const compiled = loaded(small(extra, QUIET));
  const { warnings, notes } = checkReport(compiled, rows, observed);
  const words = (list: typeof warnings): readonly string[] =>
    list
      .filter(({ path }) => !path.startsWith("queues"))
      .map(({ path, message, write }) => `${path.replace("strategies[0]", "api")}: ${message}${write === null ? "" : ` | ${write}`}`);
  return { warnings: words(warnings), notes: words(notes) };
}

function rule(text: string): string {
  return `    queue: llm\n    rules: [${text}]\n`;
}

describe("warns, with what to write instead:", () => {
  const cases: readonly (readonly [what: string, given: Case, warning: string])[] = [
    [
      "memory-above at all the memory there is",
      { extra: rule("{rule: memory-above, limit: 8G}"), observed: { hostMemoryBytes: 8 * GB } },
      "api.rules[0].limit: 8GB is no less than this machine's memory (8GB): the kernel ends a worker before this rule speaks | limit: 2048MB",
    ],
    [
      "memory-above that PM2 forestalls",
      { extra: rule("{rule: memory-above, limit: 1G}"), rows: [row({ maxMemoryRestartBytes: GB })] },
      "api.rules[0]: PM2 itself restarts api at max_memory_restart 1GB: PM2 comes first and this rule never speaks; keep one of the two",
    ],
    [
      "a probe whose answers take as long as its pace",
      { extra: rule("{rule: http-probe, url: 'http://h/{instance}', every: 5s, timeout: 5s}") },
      "api.rules[0].timeout: 5s is as long as every (5s): a probe without an answer puts the next one off | timeout: 1s",
    ],
    [
      "a probe that one late answer convinces",
      { extra: rule("{rule: http-probe, url: 'http://h/{instance}', failures: 1}") },
      "api.rules[0].failures: 1 of 1: one late answer restarts a worker | failures: 3 of 5",
    ],
    [
      "an answer that is given up before it can be slow",
      { extra: rule("{rule: http-probe, url: 'http://h/{instance}', slower_than: 2s}") },
      "api.rules[0].slower_than: 2s is no less than timeout (2s): an answer that slow is given up before it can be called slow | slower_than: 1s",
    ],
    [
      "one port for all workers",
      { extra: rule("{rule: tcp-probe, port: 3000}") },
      "api.rules[0].port: the same port for all 3 workers of api: whoever still listens answers for the others; write {env.PORT}",
    ],
    [
      "a program that takes as long as its pace",
      { extra: rule("{rule: exec-probe, argv: [check, '{instance}'], every: 5s}") },
      "api.rules[0].timeout: 5s is as long as every (5s): a probe without an answer puts the next one off | timeout: 1s",
    ],
    [
      "a stall nobody waits for",
      { extra: rule("{rule: queue-stalled, for: 90m}") },
      "api.rules[0].for: 1h30m is longer than the window (1h): nobody waits that long for one task, and a stalled worker stands still until then | for: 5m",
    ],
    [
      "a worker that PM2 does not bring back",
      { extra: rule("restart-storm"), rows: [row({ autorestart: false })] },
      "api.rules[0]: PM2's autorestart is off for api: after a crash it stays stopped, which healer takes for an operator's stop, and no rule brings it back",
    ],
    [
      "a crash loop slower than restart-storm counts",
      { extra: rule("restart-storm"), rows: [row({ restartDelayMs: 200_000 })] },
      "api.rules[0].within: PM2 waits 3 m 20 s before it restarts api (restart_delay), so 3 exits never come within 5m | within: 10m",
    ],
    [
      "a whole group at once",
      { extra: `${QUEUE}    max_unavailable: 3\n` },
      "api.max_unavailable: 3 allows all 3 workers of api to be down at once | max_unavailable: 1",
    ],
    [
      "a drain that waits for nothing",
      { extra: "    drain: 5m\n    rules: [frozen]\n" },
      "api.drain: 5m waits for nothing: without a queue nobody says what a worker has in hand | queue: NAME",
    ],
    [
      "a drain without end",
      { extra: `${QUEUE}    drain: 2h\n` },
      "api.drain: 2h is how long a hanging worker with a task in hand is left as it is | drain: 5m",
    ],
    [
      "heals of a day that run out before the failures do",
      { extra: `${QUEUE}    consecutive_failures_threshold: 5\n    advanced: {circuit: {max_heals_per_day: 4}}\n` },
      "api.advanced.circuit.max_heals_per_day: 4 a day is less than consecutive_failures_threshold (5): the circuit opens for flapping before it opens for failures | max_heals_per_day: 10",
    ],
    [
      "a limit of heals that nothing reaches",
      { extra: "    rules: [frozen]\n    grace_period_seconds: 150m\n" },
      "api.max_heals_per_hour: 5 is never exceeded: with its grace period a worker is healed every 2 h 30 m at most, 1 time an hour; one that flaps is never stopped | max_heals_per_hour: 1",
    ],
    [
      "a rate that so few tasks hardly ever prove",
      { observed: { volumes: { api: 0.005 } } },
      "api: success-rate hardly ever fires at the 0.005 tasks a minute of a worker now: they take 2 d 5 h to prove even 20 % to be below 70 %; rely on another rule | rules: [frozen, queue-stalled]",
    ],
    [
      "a verdict that takes longer than it may",
      { observed: { volumes: { api: 0.4 } } },
      "api.advanced.verify.timeout_seconds: most heals end inconclusive at the 0.4 tasks a minute of a worker now: a verdict takes 15 tasks, 37 m 30 s; allowed are 30 m | timeout_seconds: 1h15m",
    ],
    [
      "a slow decline that a day of tasks cannot show",
      { extra: `${QUEUE}    advanced: {min_tasks: {long: 5000}}\n`, observed: { volumes: { api: 3 } } },
      "api.advanced.min_tasks.long: 24 h hold 4320 tasks at the 3 tasks a minute of a worker now, fewer than the 5000 that its bound waits for: a slow decline is never found",
    ],
  ];
  test.each(cases)("%s", (_what, given, warning) => {
    expect(advice(given).warnings).toContain(warning);
  });
});

describe("a threshold above what workers did all day", () => {
  const did = (worker: string, rate: number, n = 500): WorkerRate => ({ worker, rate, low: rate - 0.04, high: rate + 0.04, n });
  const warned = (...rates: readonly WorkerRate[]) =>
    advice({ observed: { dayRates: { api: rates } } }).warnings.filter((text) => text.includes("would be healed for ever"));

  test("would heal them for ever; what they reach is what to write", () => {
    expect(warned(did("api:0", 0.62), did("api:1", 0.58))).toEqual([
      "api.min_success_rate_percent: 70 is above what these workers did in the last 24 h (api:0 62 % of 500, api:1 58 % of 500): " +
        "if that is their usual rate they would be healed for ever | min_success_rate_percent: 57",
    ]);
  });

  test.each([
    ["one bad worker among good ones is what healing is for", [did("api:0", 0.2), did("api:1", 0.97), did("api:2", 0.96)]],
    ["few tasks are no habit", [did("api:0", 0.5, 99)]],
    ["an interval that reaches the threshold proves nothing", [did("api:0", 0.67)]],
    ["nobody was seen", []],
  ])("%s", (_what, rates) => {
    expect(warned(...rates)).toEqual([]);
  });
});

describe("a grace period shorter than what starts take", () => {
  const boot: ObservedBoot = { sign: "task", starts: 6, minMs: 41_000, medianMs: 48_000, maxMs: 55_000 };
  const warned = (seconds: number, change: Partial<ObservedBoot> = {}) =>
    advice({
      extra: `    grace_period_seconds: ${seconds}\n    rules: [frozen]\n`,
      observed: { boots: { api: { ...boot, ...change }, other: { ...boot, maxMs: 900_000 } } },
    }).warnings;

  test("is told with the figures, and with half as much again to write", () => {
    expect(warned(30)).toEqual([
      "api.grace_period_seconds: 30s is over before a worker is ready: api took 41–55 s to its first finished task in the last 6 starts; " +
        "it is judged while it still starts | grace_period_seconds: 90",
    ]);
  });

  test("names what was seen of the start", () => {
    expect(warned(30, { sign: "probe" })[0]).toContain("to its first good probe");
    expect(warned(30, { sign: "life", minMs: 70_000, maxMs: 130_000 })[0]).toContain("took 1 m 10 s – 2 m 10 s to its first sign of life");
  });

  test.each([
    ["is long enough", 55, {}],
    ["may have met one slow start by chance", 30, { starts: 1 }],
  ])("no warning where it %s", (_what, seconds, change) => {
    expect(warned(seconds, change)).toEqual([]);
  });
});

describe("notes, without a warning:", () => {
  const cases: readonly (readonly [what: string, given: Case, note: string])[] = [
    [
      "frozen for a program that is not Node",
      { extra: "    rules: [frozen]\n", rows: [row({ isNode: false, interpreter: "python3" })] },
      "api.rules[0]: api runs python3, not Node: only a stop by a signal counts; a hang is never seen unless for says how long is too long | { rule: frozen, for: 5m }",
    ],
    [
      "frozen for a program that npm starts",
      {
        extra: "    rules: [frozen]\n",
        rows: [row({ script: "/usr/lib/node_modules/npm/bin/npm-cli.js" }), row({ script: "/usr/bin/npm" })],
      },
      "api.rules[0]: api is started through npm: frozen sees npm alone, and no hang of the program behind it; let PM2 start that program itself, or probe it" +
        ' | { rule: http-probe, url: "http://127.0.0.1:{env.PORT}/health" }',
    ],
    [
      "a rule that only observes",
      { extra: rule("{rule: frozen, mode: observe}") },
      "api.rules[0]: frozen observes only: it is told and recorded, and never heals",
    ],
    [
      "a program that is asked the same of all workers",
      { extra: rule("{rule: exec-probe, argv: [check]}") },
      "api.rules[0].argv: the same command for all 3 workers of api: it tells them apart only if it reads HEALER_INSTANCE or HEALER_PM_ID, or has {instance} in it",
    ],
    [
      "what a rule that nobody listed has to say",
      { rows: [row({ restartDelayMs: 200_000 })] },
      "api: PM2 waits 3 m 20 s before it restarts api (restart_delay), so 3 exits never come within 5m | rules: [{ rule: restart-storm, within: 10m }]",
    ],
    [
      "PM2 giving up before three exits",
      { rows: [row({ maxRestarts: 2 })] },
      "api: PM2 gives api up after 2 quick exits (max_restarts): the crash loop is told and held down then, before 3 exits",
    ],
    [
      "heals of an hour that only the day limits",
      { extra: "    rules: [frozen]\n    grace_period_seconds: 15m\n" },
      "api.max_heals_per_hour: 5 is never exceeded: with its grace period a worker is healed every 15 m 15 s at most, 4 times an hour; only max_heals_per_day (10) stops one that flaps | max_heals_per_hour: 3",
    ],
    [
      "an hour too short for its bound",
      { observed: { volumes: { api: 0.3 } } },
      "api.advanced.min_tasks.short: 1h hold 18 tasks at the 0.3 tasks a minute of a worker now, fewer than the 20 that its bound waits for: a slow decline is not found within the window",
    ],
  ];
  test.each(cases)("%s", (_what, given, note) => {
    const { warnings, notes } = advice(given);
    expect(notes).toContain(note);
    expect(warnings.filter((text) => !text.includes("inconclusive"))).toEqual([]);
  });
});

test("an hour too short for so many failures cannot be exceeded before the circuit opens for them", () => {
  const limits = (grace: string) => `${QUEUE}    max_heals_per_hour: 2\n    grace_period_seconds: ${grace}\n    window: 12h\n`;
  const flaps = (grace: string) => advice({ extra: limits(grace) }).warnings.filter((text) => text.includes("opens for flapping"));
  expect(flaps("3m")).toHaveLength(1);
  expect(flaps("40m")).toEqual([]);
});

describe("a good configuration is not warned about:", () => {
  const observed: Observed = {
    hostMemoryBytes: 16 * GB,
    volumes: { "demo-worker": 10, api: 10 },
    dayRates: { "demo-worker": [{ worker: "demo-worker:0", rate: 0.97, low: 0.96, high: 0.98, n: 900 }] },
    boots: { "demo-worker": { sign: "task", starts: 8, minMs: 4000, medianMs: 5000, maxMs: 20_000 } },
  };

  test("the shipped file, but that nobody is told", () => {
    const shipped = readFileSync(resolve(import.meta.dirname, "../../healer.config.yaml"), "utf8");
    const rows = THREE.map((each) => ({ ...each, name: "demo-worker" }));
    const { warnings, notes } = checkReport(loaded(shipped), rows, observed);
    expect(warnings.map(({ path }) => path)).toEqual(["notify"]);
    expect(notes).toEqual([]);
  });

  test("what healer init writes, whatever runs", () => {
    const rows = [
      ...THREE,
      row({ pmId: 3, name: "py", isNode: false, interpreter: "python3" }),
      row({ pmId: 4, name: "m", maxMemoryRestartBytes: GB }),
      row({ pmId: 5, name: "nightly", autorestart: false, cronRestart: "0 4 * * *" }),
    ];
    const { warnings } = checkReport(loaded(initConfig(rows)), rows, observed);
    expect(warnings).toEqual([]);
  });
});
