import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { carriers } from "../support/process-scan.ts";
import { until } from "../support/until.ts";

const HEALER = resolve(import.meta.dirname, "../../dist/cli/main.js");
const STORY_MS = 240_000; // two minutes and a quarter on two quiet cores

interface Demo {
  readonly child: ChildProcess;
  said(): string;
  /** PM2's home, as the demo's first line names it. */
  home(): string;
}

function startDemo(...args: readonly string[]): Demo {
  const child = spawn(process.execPath, [HEALER, "demo", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGINT"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said, home: () => /Starting PM2 in (\S+)/.exec(said)?.[1] ?? "" };
}

const ended = ({ child }: Demo): boolean => child.exitCode !== null || child.signalCode !== null;

function expectNothingLeft(demo: Demo): void {
  expect(demo.said()).toContain("Nothing is left running.");
  expect(carriers(`PM2_HOME=${demo.home()}`)).toEqual([]);
  expect(existsSync(resolve(demo.home(), ".."))).toBe(false);
}

test("the demo heals two workers, gives up on the third, and leaves nothing behind", { timeout: STORY_MS + 30_000 }, async () => {
  const demo = startDemo();
  await until(() => ended(demo), "the story to end", STORY_MS);
  expect(demo.child.exitCode, demo.said()).toBe(0);
  expect(demo.said()).toMatch(/heal_verdict +demo-worker:1 +recovered/);
  expect(demo.said()).toMatch(/heal_verdict +demo-worker:2 +recovered/);
  expect(demo.said()).toMatch(/circuit_open +demo-worker:0/);
  expectNothingLeft(demo);
});

test("staying, it breaks nothing, says how to look, and Ctrl-C ends all of it", async () => {
  const demo = startDemo("--stay");
  await until(() => demo.said().includes("Ctrl-C ends everything"), "the invitation", 60_000);
  const queue = /curl -s (http:\S+)/.exec(demo.said())?.[1] ?? "";
  await until(async () => /demo-worker-2 +\d+ % of/.test(await (await fetch(queue)).text()), "all workers to work", 30_000);
  demo.child.kill("SIGINT");
  await until(() => ended(demo), "the demo to end", 60_000);
  expect(demo.child.exitCode, demo.said()).toBe(0);
  expectNothingLeft(demo);
});

test("two demos run side by side, each with its own ports", { timeout: 180_000 }, async () => {
  const first = startDemo("--stay");
  await until(() => first.said().includes("Ctrl-C ends everything"), "the first invitation", 60_000);
  const second = startDemo("--stay");
  await until(() => second.said().includes("Ctrl-C ends everything"), "the second invitation", 60_000);
  expect(second.said()).toMatch(/port \d+ is taken, so the task queue is at \d+/);
  for (const { child } of [first, second]) child.kill("SIGTERM");
  await until(() => ended(first) && ended(second), "both to end", 60_000);
  for (const demo of [first, second]) expectNothingLeft(demo);
});

test("interrupted while PM2 is still starting, it leaves nothing behind either", async () => {
  const demo = startDemo();
  await until(() => demo.said().includes("Starting PM2"), "the first line", 30_000);
  demo.child.kill("SIGINT");
  await until(() => ended(demo), "the demo to end", 60_000);
  expect(demo.child.exitCode, demo.said()).toBe(0);
  expectNothingLeft(demo);
});
