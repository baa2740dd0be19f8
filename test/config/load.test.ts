import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { loaded, mistakes, small } from "./loaded.ts";

test("six different mistakes in one file are all told, each with its place, what was received and what was meant", () => {
  const text = `version: 1
mode: heal
defaults:
  grace_period_secs: 180
  min_success_rate_percent: 0.7
queues:
  llm: {type: http, url: "http://127.0.0.1:8091/api/stats", timeout: 3000}
strategies:
  - name: api
    match: {}
    queue: lmm
    rules:
      - {rule: http-prob, url: "http://127.0.0.1:{env.PORT}/health"}
`;
  expect(mistakes(text)).toEqual([
    "h.yaml:4:3 defaults.grace_period_secs: unknown key (did you mean grace_period_seconds?)",
    "h.yaml:5:29 defaults.min_success_rate_percent: expected a percentage from 2 to 99 (did you mean 70?), received 0.7",
    "h.yaml:7:70 queues.llm.timeout: seconds, not milliseconds (did you mean 3s?), received 3000",
    'h.yaml:10:5 strategies[0].match.app: selects nothing: write match: {app: NAME}, or app: "*" for every app',
    "h.yaml:11:5 strategies[0].queue: unknown queue lmm (did you mean llm?)",
    "h.yaml:13:10 strategies[0].rules[0].rule: unknown rule http-prob (did you mean http-probe?)",
  ]);
});

describe("refused, with the reason:", () => {
  const top = (lines: string): string => `version: 1\nmode: heal\nstrategies: []\n${lines}`;
  const cases: readonly (readonly [what: string, text: string, told: string])[] = [
    ["no version", "mode: heal\nstrategies: []", "version: is missing; write version: 1"],
    ["another version", "version: 2\nmode: heal\nstrategies: []", "1:10 version: this healer reads version 1, received 2"],
    ["no mode", "version: 1\nstrategies: []", "mode: is missing; write mode: observe (decide and record only) or mode: heal"],
    ["a mistyped mode", "version: 1\nmode: heel\nstrategies: []", "2:7 mode: expected observe or heal (did you mean heal?), received heel"],
    ["no strategies", "version: 1\nmode: heal", "strategies: is missing; expected a list of strategies"],
    ["an empty file", "", "expected a map that begins with version: 1"],
    ["a list", "- version: 1", "expected a map that begins with version: 1, received a list"],
    ["an interval in milliseconds", top("interval: 2000"), "a bare number is in seconds, not milliseconds (did you mean 2s?)"],
    ["a grace period in milliseconds", top("defaults: {grace_period_seconds: 180000}"), "(did you mean 3m?), received 180000"],
    ["a negative duration", top("defaults: {drain: -1}"), "defaults.drain: expected a duration such as"],
    ["a share as a fraction", top("defaults: {max_unavailable: 0.2}"), "(did you mean 20%?), received 0.2"],
    ["nobody unavailable", top("defaults: {max_unavailable: 0}"), "defaults.max_unavailable: expected a whole count of at least 1"],
    ["an empty value", top("defaults: {drain: }"), "defaults.drain: expected a number or text, received nothing"],
    ["a knob at the top", top("drain: 3"), "drain: does not belong here: write it under defaults: or in a strategy"],
    ["an advanced knob in defaults", top("defaults: {wilson_z: 3}"), "defaults.wilson_z: does not belong here: write it under advanced:"],
    [
      "a budget of a strategy",
      small("    advanced: {budget: {tokens: 1}}"),
      "advanced.budget: does not belong here: write it under defaults.advanced",
    ],
    ["a page for the world", top("api: {host: 0.0.0.0}"), "api.host: expected a loopback address"],
    ["a relative PM2 home", top("pm2_home: .pm2"), "pm2_home: expected an absolute path"],
    ["a mistyped queue type", top("queues: {a: {type: htp}}"), "unknown queue type htp (did you mean http?)"],
    [
      "an unset variable",
      top('notify:\n  - {type: webhook, url: "x${NOPE}"}'),
      "5:28 notify[0].url: the environment variable NOPE is not set",
    ],
    ["a task without a result", small('    rules: [{rule: synthetic-task, url: "http://a/jobs"}]'), "rules[0].result_url: is missing"],
    ["a rule as a key", small("    rules: [{frozen: {for: 3}}]"), "(did you mean {rule: frozen, …}?)"],
    ["a rule without what it needs", small("    rules: [http-probe]"), "strategies[0].rules[0].url: is missing"],
    ["a mistyped parameter", small("    rules: [{rule: memory-above, limt: 1G}]"), "rules[0].limt: unknown key (did you mean limit?)"],
    ["one rule twice", small("    rules: [frozen, frozen]"), "rules[1]: the rule frozen stands here twice with the same parameters"],
    ["a rule that needs a queue", small("    rules: [queue-stalled]"), "the rule queue-stalled needs a queue"],
    [
      "a backlog of no queue",
      small("    rules: [{rule: queue-backlog, above: 9}]"),
      "strategies[0].rules[0]: the rule queue-backlog needs a queue",
    ],
    [
      "half of a success rate",
      top('queues: {a: {type: prometheus, url: "http://h/", completed: x}}'),
      "queues.a.failed: is missing; with only one of completed and failed every success rate would be 0 % or 100 %",
    ],
    [
      "a probe's timeout in milliseconds",
      small('    rules: [{rule: http-probe, url: "http://a/", timeout: 3000}]'),
      "seconds, not milliseconds (did you mean 3s?)",
    ],
    ["a mistyped action", small("    actions: [restrat]"), "unknown action restrat (did you mean restart?)"],
    ["hold-down as a rung", small("    actions: [hold-down]"), "it is no rung of the ladder"],
    ["an empty ladder", small("    actions: []"), "expected at least one action"],
    ["trim as a rung", small("    actions: [trim]"), "it is no rung of the ladder"],
    ["no workers at all", small("    max_workers: 0"), "strategies[0].max_workers"],
    ["a rule that counts without a number", small("    rules: [duplicate-workers]"), "needs max_workers"],
    ["a key to come", small("    on_hold: pause_queue"), "on_hold: is not available in this version"],
    ["a name twice", small("  - {name: api, match: {app: b}}"), "8:6 strategies[1].name: the name api is taken by the strategy in line 6"],
    ["an app twice", small("  - {name: b, match: {app: api}}"), "the strategies api (line 6) and b (line 8) both select api"],
    ["an app and a pattern", small('  - {name: b, match: {app: "a*"}}'), "the strategies api (line 6) and b (line 8) both select api"],
    ["one pattern twice", small('  - {name: b, match: {app: "x*"}}\n  - {name: c, match: {app: "x*"}}'), "(line 9) both select x*"],
    ["an empty list of apps", small("  - {name: b, match: {app: []}}"), "strategies[1].match.app: selects nothing"],
    ["no match", small("  - {name: b}"), "strategies[1].match: selects nothing"],
    ["camel case", small("    gracePeriodSeconds: 3"), "unknown key (did you mean grace_period_seconds?)"],
    ["a key twice", "version: 1\nversion: 1\nmode: heal\nstrategies: []", "2:1 map keys must be unique"],
    ["an alias without anchor", "version: *v", "1:10 the alias *v has no anchor &v before it"],
    ["a tag", top("interval: !js 2s"), "unresolved tag: !js"],
    ["two documents", "version: 1\n---\nversion: 1", "2:1 a second YAML document begins here; expected one"],
    ["broken YAML", "version: [", "1:"],
    ["a file that is too large", `# ${"x".repeat(1024 * 1024)}`, "the file is larger than 1 MiB"],
    ["collections without end", `a: ${"[".repeat(100_000)}`, "nested too deeply"],
    [
      "aliases that multiply",
      `a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\ne: [*d,*d,*d,*d]`,
      "not readable as YAML",
    ],
  ];
  test.each(cases)("%s", (_what, text, told) => {
    const lines = mistakes(text);
    expect(lines.join("\n")).toContain(told);
    for (const line of lines) expect(line).toMatch(/^h\.yaml:\d+:\d+ /);
  });
});

test("knobs that contradict one another are refused where one of them is written", () => {
  const text = small("    min_success_rate_percent: 15\n    advanced: {backoff: {base: 60, max: 30}, verify: {timeout_seconds: 60}}\n");
  expect(mistakes(text)).toEqual([
    "h.yaml:9:5 strategies[0].advanced.effect_size_percent: expected less than min_success_rate_percent (15): a rate cannot fall below 0",
    "h.yaml:9:41 strategies[0].advanced.backoff.max: expected at least advanced.backoff.base, received 30",
    "h.yaml:9:72 strategies[0].advanced.verify.timeout_seconds: expected more than grace_period_seconds: a verdict is only given after it, received 60",
  ]);
});

test("no mistake is told with a secret in it", () => {
  const text = small("", 'notify:\n  - {type: webhook, url: "ftp://me:hunter2@h/T0K3N?key=s3cret", on: nevr}\n');
  const withQueue = text.replace("http://127.0.0.1:8091/api/stats", "ftp://me:hunter2@h/x?token=s3cret");
  const lines = mistakes(withQueue).join("\n");
  expect(lines).toContain("notify[0].url");
  expect(lines).toContain("queues.llm.url");
  for (const secret of ["hunter2", "T0K3N", "s3cret"]) expect(lines).not.toContain(secret);
});

describe("a valid file", () => {
  test("has the documented built-in values, in milliseconds", () => {
    const [strategy] = loaded(small("    queue: llm\n")).policy.strategies;
    expect(strategy?.knobs).toEqual({
      gracePeriodMs: 180_000,
      minSuccessRatePercent: 70,
      consecutiveFailuresThreshold: 3,
      windowMs: 3_600_000,
      timeWeightingHalfLifeMs: null,
      maxUnavailable: { percent: 20 },
      maxHealsPerHour: 5,
      drainMs: 0,
      onOpen: "leave",
      maxWorkers: null,
      trimOutside: "none",
      shadowForMs: 0,
      effectSizePercent: 20,
      maxFalseHealsPerWorkerDay: 0.1,
      sustainMs: 60_000,
      minTasks: { fast: 10, short: 20, long: 100 },
      wilsonZ: 3.5,
      verify: { llr: 4.6, timeoutMs: 1_800_000 },
      backoff: { baseMs: 30_000, maxMs: 600_000, jitter: 0.5 },
      circuit: { coolDownMs: 1_800_000, maxMs: 21_600_000, jitter: 0.25, maxHealsPerDay: 10 },
      incident: { onsetWindowMs: 300_000, widePercent: 50, canaryDelayMs: 240_000, quietMs: 120_000 },
      trimAfterMs: 60_000,
    });
    expect(strategy?.actions).toEqual(["restart", "stop-start"]);
  });

  test("may judge by outcomes that workers report themselves: success-rate needs no queue where it is named", () => {
    const [strategy] = loaded(small("    rules: [success-rate]\n")).policy.strategies;
    expect(strategy?.rules.map(({ name }) => name)).toContain("success-rate");
  });

  test("inherits knob by knob from defaults, also inside the blocks of advanced", () => {
    const text = small(
      "    grace_period_seconds: 2m\n    advanced: {circuit: {cool_down: 10m}}\n",
      "defaults: {grace_period_seconds: 60, drain: 5s, max_unavailable: 2, advanced: {circuit: {jitter: 0, cool_down: 5m}, budget: {tokens: 9}}}\n",
    );
    const { policy } = loaded(text);
    const knobs = policy.strategies[0]?.knobs;
    expect(knobs).toMatchObject({ gracePeriodMs: 120_000, drainMs: 5000, maxUnavailable: { count: 2 } });
    expect(knobs?.circuit).toEqual({ coolDownMs: 600_000, maxMs: 21_600_000, jitter: 0, maxHealsPerDay: 10 });
    expect(knobs?.verify.timeoutMs, "10 × the strategy's own grace period").toBe(1_200_000);
    expect(policy.budget).toEqual({ tokens: 9, refillMs: 300_000 });
  });

  test("implies success-rate with a queue, and what is always on without being asked", () => {
    const keys = (extra: string): readonly string[] => loaded(small(extra)).strategies[0]?.boundRules.map(({ key }) => key) ?? [];
    expect(keys("")).toEqual(["restart-storm", "not-running"]);
    expect(keys("    queue: llm\n    rules: [frozen]\n")).toEqual(["restart-storm", "not-running", "success-rate", "frozen"]);
    expect(keys("    rules: [{rule: restart-storm, restarts: 5}]\n"), "named once, bound once").toEqual(["not-running", "restart-storm"]);
  });

  test.each([
    ["nothing is said", "", true],
    ["it is asked to heal", ", mode: heal", false],
    ["it is asked to observe", ", mode: observe", true],
  ])("lets queue-backlog tell, and heal only on demand: when %s", (_, mode, observeOnly) => {
    const [strategy] = loaded(small(`    queue: llm\n    rules: [{rule: queue-backlog, above: 9${mode}}]\n`)).strategies;
    expect(strategy?.boundRules.find(({ key }) => key === "queue-backlog")).toMatchObject({ observeOnly, scope: "group" });
  });

  test("tells the second of a kind apart by #2, and binds parameters with their units resolved", () => {
    const rules =
      '    rules: [{rule: http-probe, url: "http://127.0.0.1:{env.PORT}/a"}, {rule: http-probe, url: "http://127.0.0.1:{env.ADMIN}/b", every: 1m, mode: observe}]\n';
    const compiled = loaded(small(rules));
    const probes = compiled.strategies[0]?.boundRules.filter(({ name }) => name === "http-probe");
    expect(probes?.map(({ key, observeOnly }) => [key, observeOnly])).toEqual([
      ["http-probe", false],
      ["http-probe#2", true],
    ]);
    expect(probes?.[1]?.params).toMatchObject({ every: 60_000, failures: { bad: 3, of: 5 } });
    expect(probes?.[1]?.needs).toEqual(["probe"]);
    expect(compiled.envNames).toEqual(["ADMIN", "PORT"]);
    expect(compiled.policy.strategies[0]?.rules, "core and sensors hold the same rules").toBe(compiled.strategies[0]?.boundRules);
  });

  test.each([
    ["heal", "heal", false, "heal"],
    ["heal", "observe", false, "observe"],
    ["observe", "heal", false, "observe"],
    ["heal", "heal", true, "observe"],
  ])("in mode %s with a strategy in mode %s and --observe %s does %s: the safer wins", (file, own, observe, mode) => {
    const { policy } = loaded(small(`    mode: ${own}\n`).replace("mode: heal", `mode: ${file}`), { observe });
    expect(policy.strategies[0]?.mode).toBe(mode);
  });

  test("takes ${VAR} from healer's environment, a default where there is one, and leaves the worker's {env.VAR} alone", () => {
    const text = small(
      '    rules: [{rule: http-probe, url: "http://127.0.0.1:{env.PORT}/${CHECK}"}]\n',
      "api:\n  port: ${API_PORT:-8123}\n",
    );
    const compiled = loaded(text, { env: { CHECK: "health" } });
    expect(compiled.api).toEqual({ host: "127.0.0.1", port: 8123 });
    expect(compiled.strategies[0]?.boundRules.at(-1)?.params).toMatchObject({ url: "http://127.0.0.1:{env.PORT}/health" });
    expect(loaded(text, { env: { CHECK: "x", API_PORT: "9" } }).api).toMatchObject({ port: 9 });
  });

  test("may share blocks through anchors and merge keys", () => {
    const text =
      'version: 1\nmode: heal\ndefaults: &d {drain: 7s}\nstrategies:\n  - <<: *d\n    name: a\n    match: {app: a, exclude: [b, "c*"], namespace: x}\n';
    const [strategy] = loaded(text).policy.strategies;
    expect(strategy?.knobs.drainMs).toBe(7000);
    expect(strategy?.selector).toEqual({ apps: ["a"], namespace: "x", exclude: ["b", "c*"] });
  });

  test("finds ~ in healer's environment, and a name of digits is a name", () => {
    const compiled = loaded("version: 1\nmode: observe\npm2_home: ~/.pm2\napi: false\nstrategies: [{name: a, match: {app: [7]}}]", {
      env: { HOME: "/home/app" },
    });
    expect(compiled).toMatchObject({ pm2Home: "/home/app/.pm2", api: false });
    expect(compiled.policy.strategies[0]?.selector.apps).toEqual(["7"]);
  });
});

describe("whatever the text is, loading answers and never throws:", () => {
  const load = (text: string): void => {
    const outcome = loadConfig(text, { file: "h.yaml", env: { A: "1" } });
    if (!outcome.ok) expect(outcome.error.problems.length).toBeGreaterThan(0);
  };

  test("arbitrary text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), load), { numRuns: 300 });
  });

  test("text of YAML's own signs", () => {
    const sign = fc.constantFrom(
      ..."[]{}:,&*!|>-?#%@`'\"\n \t<$~.0a".split(""),
      "<<: ",
      "&a ",
      "*a",
      "${A}",
      "version: 1\n",
      "---\n",
      "__proto__: ",
    );
    fc.assert(
      fc.property(
        fc.array(sign, { maxLength: 60 }).map((signs) => signs.join("")),
        load,
      ),
      { numRuns: 500 },
    );
  });

  test("a real file with one value replaced by anything", () => {
    const text = small("    queue: llm\n    rules: [frozen, {rule: memory-above, limit: 1G}]\n    advanced: {circuit: {cool_down: 3m}}\n");
    const places = [...text.matchAll(/: ?([^\s{[][^\n,}]*)/g)].map(
      (match) => [match.index + match[0].length - (match[1]?.length ?? 0), match[1]?.length ?? 0] as const,
    );
    fc.assert(
      fc.property(fc.nat(places.length - 1), fc.jsonValue(), (index, value) => {
        const [start, length] = places[index] ?? [0, 0];
        load(text.slice(0, start) + JSON.stringify(value) + text.slice(start + length));
      }),
      { numRuns: 400 },
    );
  });
});
