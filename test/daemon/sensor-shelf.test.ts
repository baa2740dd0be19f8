import { describe, expect, test } from "vitest";
import { createState } from "../../src/core/state.ts";
import { newTarget } from "../../src/core/target.ts";
import { SensorShelf } from "../../src/daemon/sensor-shelf.ts";
import { sensorWorld } from "../support/sensor-world.ts";
import { loaded } from "../config/loaded.ts";
import { fakeProcesses } from "../support/fake-processes.ts";
import { facts, sensorContext, watchedWorker } from "../support/watched-worker.ts";

const FILE = `version: 1
mode: heal
queues:
  llm: {type: http, url: "http://127.0.0.1:1/api/stats"}
strategies:
  - name: rpa
    match: {app: rpa}
    queue: llm
    rules: [frozen, {rule: http-probe, url: "http://127.0.0.1:{env.PORT}/health"}]
`;

/** Without those of the machine, which every configuration has unless it says otherwise. */
function shelfOf(isOfMachine = false) {
  const shelf = new SensorShelf();
  const build = (text: string) => {
    const compiled = loaded(text);
    const state = createState({ policy: compiled.policy, self: { pids: [] }, seed: 1, atMs: 0, wallMs: 0 });
    const sensors = shelf.build(compiled, sensorWorld({ state, processes: fakeProcesses() }));
    return sensors.filter(({ name }) => MACHINE.includes(name) === isOfMachine);
  };
  return build;
}

const REPORT = { ok: 1, failed: 0, beats: 1, loopDelayMs: null, isClosed: false };

const MACHINE = ["host", "gpus"];

const names = (sensors: readonly { readonly name: string }[]): readonly string[] => sensors.map(({ name }) => name);

describe("the sensors of a configuration", () => {
  test("are those its rules and queues ask for, and no others", () => {
    expect(names(shelfOf()(FILE))).toEqual(["os-processes", "event-loops", "http-probe:rpa", "queue:llm"]);
    const little = FILE.replace(/ {4}rules.*\n/, "")
      .replace(/ {4}queue.*\n/, "")
      .replace(/queues:\n.*\n/, "");
    expect(names(shelfOf()(little))).toEqual([]);
  });

  test("look at the machine unless the file says false", () => {
    expect(names(shelfOf(true)(FILE))).toEqual(MACHINE);
    expect(names(shelfOf(true)(`${FILE}host: false\n`))).toEqual(["gpus"]);
    expect(names(shelfOf(true)(`${FILE}gpu: false\n`))).toEqual(["host"]);
  });

  test.each(["frozen", "{rule: memory-above, limit: 1G}", "cpu-above"])("look at processes where %s asks for it", (rule) => {
    expect(names(shelfOf()(without(rule)))).toContain("os-processes");
  });

  test.each([
    ["cpu-above", ["cpu"]],
    ["open-files-above", ["files"]],
    ["{rule: memory-above, limit: 1G}", ["memory"]],
    ["frozen", ["pulse"]],
  ])("read of a process what %s asks for, and nothing else", async (rule, kinds) => {
    const compiled = loaded(without(rule));
    const state = createState({ policy: compiled.policy, self: { pids: [] }, seed: 1, atMs: 0, wallMs: 0 });
    const strategy = compiled.policy.strategies[0]!;
    state.targets.set("rpa:0", newTarget(state, { id: "rpa:0", kind: "worker", group: "rpa", strategy }));
    const sensors = new SensorShelf().build(compiled, sensorWorld({ state, processes: fakeProcesses({ pid: 4000 }) }));
    const sensor = sensors.find(({ name }) => name === "os-processes");
    expect((await facts(sensor!.read(sensorContext([watchedWorker()])))).map(({ kind }) => kind)).toEqual(kinds);
  });

  test("are one for each probe, of whatever kind", () => {
    const probes = `rules: [{rule: tcp-probe, port: "{env.PORT}"}, {rule: tcp-probe, port: 80}, {rule: exec-probe, argv: [sh]}, `;
    const build = shelfOf();
    const before = build(FILE.replace("rules: [frozen, ", probes));
    expect(names(before)).toEqual(["tcp-probe:rpa", "tcp-probe#2:rpa", "exec-probe:rpa", "http-probe:rpa", "queue:llm"]);
    const after = build(FILE.replace("rules: [frozen, ", probes.replace("[sh]", "[sh, -e]")));
    expect(names(after.filter((sensor) => !before.includes(sensor)))).toEqual(["exec-probe:rpa"]);
  });

  const without = (rules: string, queue = ""): string => `version: 1
mode: heal
queues:
  llm: {type: http, url: "http://127.0.0.1:1/api/stats"}
strategies:
  - name: rpa
    match: {app: rpa}
${queue}    rules: [${rules}]
`;

  test("have PM2 listed as often as the patience of frozen asks for, while a worker has an agent that tells", async () => {
    const listedEveryMs = async (rule: string): Promise<number | undefined> => {
      const sensor = shelfOf()(without(rule)).find(({ name }) => name === "event-loops");
      const context = sensorContext();
      for (const agentFigures of ["1", "2", "3"]) {
        context.workers = [watchedWorker({ agentFigures })];
        context.atMs += 600;
        await sensor?.read(context);
      }
      return sensor?.listEveryMs;
    };
    expect(await listedEveryMs("frozen")).toBe(15_000);
    expect(await listedEveryMs("{rule: frozen, for: 20s}")).toBe(4_000);
    expect(await listedEveryMs("{rule: frozen, for: 3s}")).toBe(600);
  });

  test.each([
    ["success-rate", "", ["worker-reports"]],
    ["success-rate", "    queue: llm\n", ["queue:llm"]], // the queue tells the outcomes: nothing is counted twice
    ["heartbeat-missing", "    queue: llm\n", ["worker-reports", "queue:llm"]],
    ["event-loop-delay-above", "    queue: llm\n", ["worker-reports", "queue:llm"]],
  ])("read what workers report where a rule asks for it that no queue answers: %s, %j", (rules, queue, expected) => {
    expect(names(shelfOf()(without(rules, queue))).filter((name) => queue !== "" || name !== "queue:llm")).toEqual(expected);
  });

  test("take a worker's tasks only where its strategy names no queue", async () => {
    const [reports] = shelfOf()(without("success-rate, heartbeat-missing", "    queue: llm\n"));
    const context = sensorContext([watchedWorker({ report: REPORT })]);
    await reports?.read(context);
    context.workers = [watchedWorker({ report: { ...REPORT, ok: 9, beats: 2 } })];
    expect((await reports?.read(context))?.map(({ kind }) => kind)).toEqual(["heartbeat"]);
  });

  test("stay the same over an edit that does not touch them, with all they remember", () => {
    const build = shelfOf();
    const before = build(FILE);
    expect(build(FILE.replace("mode: heal", "mode: observe"))).toEqual(before);
    build(FILE).forEach((sensor, index) => expect(sensor).toBe(before[index]));
  });

  test.each([
    ["the queue's url", "127.0.0.1:1/api", "127.0.0.1:2/api", "queue:llm"],
    ["the probe's url", "}/health", "}/ready", "http-probe:rpa"],
    ["the patience of frozen", "[frozen,", "[{rule: frozen, for: 3s},", "os-processes, event-loops"],
    ["a memory that is to be seen soon", "[frozen,", "[frozen, {rule: memory-above, limit: 1G, for: 2s},", "os-processes"],
  ])("are made anew where an edit changes %s, and only there", (_what, from, to, anew) => {
    const build = shelfOf();
    const before = build(FILE);
    const after = build(FILE.replace(from, to));
    expect(names(after.filter((sensor) => !before.includes(sensor)))).toEqual(anew.split(", "));
  });
});
