import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startTaskQueueServer, type TaskQueueServer } from "../../src/demo/task-queue-server.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const MAIN = resolve(import.meta.dirname, "../../src/demo/demo-worker-main.ts");
const QUICK_MS = "10";

interface RunningWorker {
  readonly child: ChildProcess;
  readonly url: string;
}

async function queueServer(): Promise<TaskQueueServer> {
  const server = await startTaskQueueServer({ port: 0, tasksPerSecond: 300 });
  onTestFinished(() => server.close());
  return server;
}

/** A process of its own, as PM2 would start it. */
async function startWorker(queueUrl: string, dir: string): Promise<RunningWorker> {
  const env = {
    ...process.env,
    name: "demo-worker",
    NODE_APP_INSTANCE: "1",
    QUEUE_URL: queueUrl,
    PORT: "0",
    WORK_MS: QUICK_MS,
    DEMO_DIR: dir,
  };
  const child = spawn(process.execPath, ["--import", "tsx", MAIN], { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await until(() => /answers at \S+\/health/.test(said), "the worker to say where it answers");
  return { child, url: /answers at (\S+)\/health/.exec(said)?.[1] ?? "" };
}

const post = (url: string) => fetch(url, { method: "POST" });
const figures = (server: TaskQueueServer) => server.stats().workers["demo-worker-1"] ?? { completed: 0, failed: 0, running: 0 };

test("a healthy worker finishes tasks under its PM2 name and instance, and fails none", async () => {
  const server = await queueServer();
  const { url } = await startWorker(server.url, temporaryDir());
  await until(() => figures(server).completed >= 10, "ten finished tasks");
  expect(figures(server).failed).toBe(0);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test("told to fail, it fails most of its tasks while its health is fine, until it is told to heal", async () => {
  const server = await queueServer();
  const { url } = await startWorker(server.url, temporaryDir());
  expect((await post(`${url}/break/fail`)).status).toBe(202);
  await until(() => figures(server).failed >= 1, "the first failed task");
  const before = figures(server);
  await until(() => figures(server).failed - before.failed >= 20, "twenty failed tasks");
  expect(figures(server).completed - before.completed).toBeLessThan(20); // at four of five it would be five; twenty is one in millions
  expect((await fetch(`${url}/health`)).status).toBe(200);
  await post(`${url}/heal`);
  const healed = figures(server);
  await until(() => figures(server).completed - healed.completed >= 20, "twenty good tasks");
  expect(figures(server).failed - healed.failed).toBeLessThanOrEqual(1); // the one in hand
});

test("told to hang, it answers no more, keeps its task, and dies of a signal", async () => {
  const server = await queueServer();
  const { url, child } = await startWorker(server.url, temporaryDir());
  await post(`${url}/break/hang`);
  const answers = () =>
    fetch(`${url}/health`, { signal: AbortSignal.timeout(300) }).then(
      () => true,
      () => false,
    );
  await until(async () => !(await answers()), "the health probe to fail");
  expect(child.exitCode).toBeNull();
  child.kill("SIGKILL");
  await until(() => child.signalCode !== null, "the worker to end");
});

test("told to crash, it ends with code 1, and a new start is healthy", async () => {
  const server = await queueServer();
  const dir = temporaryDir();
  const { url, child } = await startWorker(server.url, dir);
  await post(`${url}/break/crash`);
  await until(() => child.exitCode !== null, "the worker to end");
  expect(child.exitCode).toBe(1);
  const again = await startWorker(server.url, dir);
  expect((await fetch(`${again.url}/health`)).status).toBe(200);
});

test("an incurable ailment is there again after a restart, until somebody heals it", async () => {
  const server = await queueServer();
  const dir = temporaryDir();
  const first = await startWorker(server.url, dir);
  await post(`${first.url}/break/crash?incurable`);
  await until(() => first.child.exitCode !== null, "the worker to end");
  const second = await startWorker(server.url, dir);
  await until(() => second.child.exitCode === 1, "the restarted worker to crash as well");
  expect(existsSync(join(dir, "demo-worker-1.ailment"))).toBe(true);
});

test("healing takes the file away", async () => {
  const server = await queueServer();
  const dir = temporaryDir();
  const { url } = await startWorker(server.url, dir);
  await post(`${url}/break/fail?incurable`);
  expect(existsSync(join(dir, "demo-worker-1.ailment"))).toBe(true);
  await post(`${url}/heal`);
  expect(existsSync(join(dir, "demo-worker-1.ailment"))).toBe(false);
});

test("told to leak, its memory grows", async () => {
  const server = await queueServer();
  const { url } = await startWorker(server.url, temporaryDir());
  const memory = async (): Promise<number> => Number(((await (await fetch(`${url}/health`)).json()) as { rss: number }).rss);
  const before = await memory();
  await post(`${url}/break/leak`);
  await until(async () => (await memory()) > before + 15e6, "15 MB more");
});

test("asked to stop, it finishes its task first and ends with code 0", async () => {
  const server = await queueServer();
  const { child } = await startWorker(server.url, temporaryDir());
  await until(() => figures(server).completed > 0, "a finished task");
  child.kill("SIGINT");
  await until(() => child.exitCode !== null, "the worker to end");
  expect(child.exitCode).toBe(0);
  expect(server.stats().running).toBe(0);
});

test.each(["/break/everything", "/break/", "/nowhere"])("it does not know %s", async (path) => {
  const server = await queueServer();
  const { url } = await startWorker(server.url, temporaryDir());
  expect((await post(url + path)).status).toBe(404);
});
