import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createExecProbeSensor } from "../../src/sensors/exec-probes.ts";
import type { Sensor, WatchedWorker } from "../../src/sensors/sensor.ts";
import { isAlive } from "../support/process-scan.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";
import { facts, sensorContext, watchedWorker, watchedWorkers } from "../support/watched-worker.ts";

const PATH = process.env["PATH"] ?? "";

interface Part {
  readonly every?: number;
  readonly timeout?: number;
  readonly exit_codes?: readonly number[];
}

function probe(argv: readonly string[], part: Part = {}): Sensor {
  const params = { argv, every: 1, timeout: 15_000, failures: { bad: 3, of: 5 }, startup: 300_000, exit_codes: [0], ...part };
  return createExecProbeSensor({ strategy: "rpa", key: "exec-probe", params }, { PATH });
}

function shell(script: string, ...args: readonly string[]): readonly string[] {
  return ["sh", "-c", script, "sh", ...args];
}

function read(sensor: Sensor, workers: readonly WatchedWorker[] = [workerIn(null)]) {
  return facts(sensor.read(sensorContext(workers)));
}

function workerIn(cwd: string | null, env: Record<string, string> = {}): WatchedWorker {
  return watchedWorker({ cwd, env });
}

test.each([
  ["exit 0", {}, true, "exit 0"],
  ["echo all well", {}, true, "exit 0: all well"],
  ["exit 3", {}, false, "exit 3"],
  ["echo no connection >&2; exit 1", {}, false, "exit 1: no connection"],
  ["echo; echo first; echo between; echo last; exit 2", {}, false, "exit 2: first … last"],
  ["exit 1", { exit_codes: [0, 1] }, true, "exit 1"],
  ["exit 0", { exit_codes: [1] }, false, "exit 0"],
  ["exit 127", { exit_codes: [127] }, true, "exit 127"],
  ["echo password=hunter2 --token s3cret; exit 1", {}, false, "exit 1: password=*** --token ***"],
  ["printf '\\033[31mred\\033[0m'; exit 1", {}, false, "exit 1: ·[31mred·[0m"],
  ["head -c 9000 /dev/zero | tr '\\0' x; exit 1", {}, false, "exit 1: …"],
] as const)("%j with %j is good: %j (%s)", async (script, part, ok, detail) => {
  expect(await read(probe(shell(script), part))).toEqual([
    { kind: "probe", target: "rpa:0", rule: "exec-probe", atMs: 1_000_000, ok, detail },
  ]);
});

test("a program that does not end is killed and bad", async () => {
  const file = join(temporaryDir(), "pid");
  const [seen] = await read(probe(shell('echo $$ > "$1"; echo so far; sleep 1000', file), { timeout: 500 }));
  expect(seen).toMatchObject({ kind: "probe", ok: false, detail: "killed after 500 ms: so far" });
  expect(isAlive(Number(readFileSync(file, "utf8")))).toBe(false);
});

test.each([
  ["a program that is not there", ["healer-no-such-check"], null, "there is no program healer-no-such-check in healer's PATH"],
  ["a path where nothing is", ["/healer/no/such/check"], null, "there is no /healer/no/such/check"],
  ["a file that may not be executed", ["/etc/passwd"], null, "/etc/passwd may not be executed"],
  ["one that only this worker's values name", ["{env.CHECK}"], "rpa:0", "exec-probe of rpa:0: there is no program healer-no-such-check"],
  ["a relative one", ["./no-such-check"], "rpa:0", "exec-probe of rpa:0: there is no program ./no-such-check"],
  ["what a worker lacks", ["sh", "{env.LACKS}"], "rpa:0", "exec-probe of rpa:0: its environment has no LACKS, which its argv needs"],
  [
    "one that a shell does not find",
    shell("healer-no-such-check"),
    "rpa:0",
    "exec-probe of rpa:0: exit 127, which says that a program could",
  ],
  ["one that a shell may not execute", shell("/etc/passwd"), "rpa:0", "exec-probe of rpa:0: exit 126, which says that a program could"],
  ["one that somebody else kills", shell("kill -9 $$"), "rpa:0", "exec-probe of rpa:0: its program was ended by SIGKILL"],
] as const)("%s makes it blind, and nobody sick", async (_what, argv, target, reason) => {
  const worker = workerIn(temporaryDir(), { CHECK: "healer-no-such-check" });
  const seen = await read(probe(argv), [worker]);
  expect(seen).toMatchObject([{ kind: "blind", sensor: "exec-probe:rpa", target, reason: expect.stringContaining(reason) as string }]);
});

test("whether the program is there is looked at without any worker, and sight comes back with it", async () => {
  const file = join(temporaryDir(), "check");
  const sensor = probe([file]);
  expect(await sensor.read(sensorContext())).toMatchObject([{ kind: "blind", target: null, reason: `there is no ${file}` }]);
  writeFileSync(file, "#!/bin/sh\nexit 0\n");
  expect(await sensor.read(sensorContext())).toMatchObject([{ kind: "blind", target: null, reason: `${file} may not be executed` }]);
  chmodSync(file, 0o755);
  const seen = await sensor.read(sensorContext([workerIn(null)]));
  expect(seen).toContainEqual({ kind: "sight", sensor: "exec-probe:rpa", target: null, atMs: 1_000_000 });
  expect(seen).toContainEqual(expect.objectContaining({ kind: "probe", ok: true }));
});

test("each worker's program runs in its directory, with its words, and is told who it is asked about", async () => {
  const folder = temporaryDir();
  const script = 'require("fs").writeFileSync(process.argv[1], JSON.stringify([process.cwd(), process.argv.slice(2), process.env]))';
  const argv = [process.execPath, "-e", script, "--", "out-{instance}.json", "{env.PORT}", "{name}", "{print $1}"];
  const workers = watchedWorkers(2, { cwd: folder, env: { PORT: "3000", PASSWORD: "hunter2" } });
  const seen = await read(probe(argv), workers);
  expect(seen.map((one) => one.kind === "probe" && one.ok)).toEqual([true, true]);
  const env = { PATH, HEALER_WORKER: "rpa:1", HEALER_NAME: "rpa", HEALER_INSTANCE: "1", HEALER_PM_ID: "1", HEALER_PID: "4001" };
  expect(JSON.parse(readFileSync(join(folder, "out-1.json"), "utf8"))).toEqual([folder, ["3000", "rpa", "{print $1}"], env]);
});

test("at most four run at once, and every worker gets its answer", async () => {
  const folder = temporaryDir();
  const count = 'mkdir "$1/$HEALER_PM_ID"; ls "$1" | wc -l; sleep 0.2; rmdir "$1/$HEALER_PM_ID"';
  const seen = await read(probe(shell(count, folder)), watchedWorkers(12, { cwd: null }));
  const running = seen.map((one) => (one.kind === "probe" ? Number(/exit 0: (\d+)/.exec(one.detail)?.[1]) : Number.NaN));
  expect(running).toHaveLength(12);
  expect(Math.max(...running)).toBeLessThanOrEqual(4);
  expect(Math.max(...running)).toBeGreaterThan(1);
});

test("a stopped reading kills what runs, and judges nobody", async () => {
  const file = join(temporaryDir(), "pid");
  writeFileSync(file, "");
  const context = sensorContext([workerIn(null)]);
  const reading = probe(shell('echo $$ > "$1"; exec sleep 1000', file)).read(context);
  const pid = (): number => Number(readFileSync(file, "utf8"));
  await until(() => pid() > 0, "the program");
  context.stop.abort();
  expect(await reading).toMatchObject([{ kind: "blind", target: null }]);
  expect(isAlive(pid())).toBe(false);
});
