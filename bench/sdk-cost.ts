/**
 * What does pm2-healer/worker cost a worker? Share of one CPU that a process takes at 5,000 tasks a second and at none, with
 * and without the SDK, side by side in the same seconds; and messages a second on its channel. A task does nothing but
 * wait for a promise, so that all that differs is the SDK. CPU time of the processes themselves, so that other work on
 * the machine changes little. Run: npx tsx bench/sdk-cost.ts [seconds=20] [rounds=3]
 */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { connectHealer } from "../src/worker/connect-healer.ts";

const SELF = fileURLToPath(import.meta.url);
const TICK_MS = 10;
const WARM_UP_MS = 5000;
const RATES = [5000, 0] as const;

interface Spent {
  /** Per cent of one CPU. */
  readonly cpu: number;
  readonly messages: number;
}

/** In the child: works at the given rate, and answers how much CPU it took since the question before. */
function work(rate: number, withSdk: boolean): void {
  const healer = withSdk ? connectHealer() : null;
  const task = async (): Promise<void> => Promise.resolve();
  const run = healer === null ? task : (): Promise<void> => healer.task(task);
  const perTick = (rate * TICK_MS) / 1000;
  setInterval(() => {
    for (let number = 0; number < perTick; number++) void run();
  }, TICK_MS);
  let [before, atMs] = [process.cpuUsage(), performance.now()];
  process.on("message", () => {
    const { user, system } = process.cpuUsage(before);
    const nowMs = performance.now();
    process.send?.({ cpu: (user + system) / 1000 / (nowMs - atMs) });
    [before, atMs] = [process.cpuUsage(), nowMs];
  });
}

function start(rate: number, withSdk: boolean): ChildProcess {
  // A channel to this process instead of PM2's daemon: what the worker does is the same.
  return fork(SELF, ["worker", String(rate), String(withSdk)], { env: { ...process.env, pm_id: "0", name: "bench" } });
}

function spentBy(child: ChildProcess, since: { messages: number }): Promise<Spent> {
  return new Promise((resolve) => {
    const onMessage = (message: { readonly cpu?: number }): void => {
      if (message.cpu === undefined) return;
      child.off("message", onMessage);
      const { messages } = since;
      since.messages = 0;
      resolve({ cpu: 100 * message.cpu, messages });
    };
    child.on("message", onMessage);
    child.send("?");
  });
}

async function measure(rate: number, seconds: number, rounds: number): Promise<readonly (readonly [Spent, Spent])[]> {
  const children = [start(rate, false), start(rate, true)] as const;
  const counts = children.map((child) => {
    const count = { messages: 0 };
    child.on("message", (message: { readonly type?: string }) => (count.messages += message.type === undefined ? 0 : 1));
    return count;
  });
  const ask = async (): Promise<readonly [Spent, Spent]> => {
    const [plain, sdk] = await Promise.all(children.map((child, index) => spentBy(child, counts[index] ?? { messages: 0 })));
    return [plain!, sdk!];
  };
  await pause(WARM_UP_MS);
  await ask();
  const found: (readonly [Spent, Spent])[] = [];
  for (let round = 0; round < rounds; round++) {
    await pause(seconds * 1000);
    found.push(await ask());
  }
  for (const child of children) child.kill();
  return found;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function main(seconds: number, rounds: number): Promise<void> {
  console.log(`${rounds} rounds of ${seconds} s, per cent of one CPU`);
  console.log("tasks a second   without   with   difference   messages a second");
  for (const rate of RATES) {
    for (const [plain, sdk] of await measure(rate, seconds, rounds)) {
      const figures = [plain.cpu, sdk.cpu, sdk.cpu - plain.cpu].map((value) => value.toFixed(2));
      const [without = "", beside = "", difference = ""] = figures;
      const messages = (sdk.messages / seconds).toFixed(2);
      console.log(String(rate).padStart(14), without.padStart(9), beside.padStart(6), difference.padStart(12), messages.padStart(19));
    }
  }
}

const [first = "20", second = "3", third = ""] = process.argv.slice(2);
if (first === "worker") work(Number(second), third === "true");
else await main(Number(first), Number(second));
