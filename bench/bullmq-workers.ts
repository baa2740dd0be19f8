/**
 * Could healer tell poison tasks in a queue of BullMQ? It would have to know which worker each try ended on, good ones too. BullMQ's events
 * name the job alone; its hash names the worker that took it last (`processedBy`), where workers have names. Of what ended, whose worker
 * does one who looks every 5 s know? Three workers, 20 tasks a second, one task in 100 that fails in each of three tries. A real
 * Redis. Run: npx tsx bench/bullmq-workers.ts [seconds=30]
 */
import { Queue, Worker, type JobsOptions } from "bullmq";
import { connectRedis, createRedis, type RealRedis } from "../test/support/real-redis.ts";

const [seconds = 30] = process.argv.slice(2).map(Number);
const LOOK_MS = 5_000;
const EVERY_MS = 50;
const ENDS = ["completed", "failed", "delayed", "waiting"]; // a try that is followed by another ends in the last two

interface Setup {
  readonly name: string;
  readonly isNamed: boolean;
  readonly options: JobsOptions;
}

const SETUPS: readonly Setup[] = [
  { name: "as BullMQ does by itself", isNamed: false, options: { attempts: 3 } },
  { name: "named workers", isNamed: true, options: { attempts: 3 } },
  { name: "named, tries 8 s apart", isNamed: true, options: { attempts: 3, backoff: 8_000 } },
  { name: "named, done jobs removed", isNamed: true, options: { attempts: 3, removeOnComplete: true, removeOnFail: true } },
];

interface Tally {
  right: number;
  wrong: number;
  unknown: number;
}

interface Watched {
  readonly good: Tally;
  readonly bad: Tally;
  /** By bad task, the workers that are known to have failed it. */
  readonly failedOn: ReadonlyMap<string, ReadonlySet<string>>;
}

async function play(redis: RealRedis, { name, isNamed, options }: Setup): Promise<void> {
  const { port, password } = redis;
  const connection = { host: "127.0.0.1", port, password, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  /** By job: the worker of each try, in order. */
  const tries = new Map<string, string[]>();
  const workers = ["a", "b", "c"].map((each) => {
    const work = async (job: { readonly id?: string; readonly data: { readonly isBad?: boolean } }): Promise<void> => {
      tries.set(job.id ?? "", [...(tries.get(job.id ?? "") ?? []), each]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (job.data.isBad === true) throw new Error("bad");
    };
    return new Worker(name, work, { connection, ...(isNamed ? { name: each } : {}) });
  });
  await queue.waitUntilReady();
  let added = 0;
  const producer = setInterval(() => void queue.add("task", { isBad: ++added % 100 === 0 }, options), EVERY_MS);
  const told = await watch(redis, { queue: name, tries });
  clearInterval(producer);
  for (const worker of workers) await worker.close(true);
  await queue.close();
  const failedOn = [...told.failedOn.values()];
  const whole = `${failedOn.filter(({ size }) => size === 3).length} of ${failedOn.length}`;
  console.log([name.padEnd(26), wordsOf(told.good), wordsOf(told.bad), whole].join("   "));
}

async function watch(
  redis: RealRedis,
  { queue, tries }: { readonly queue: string; readonly tries: ReadonlyMap<string, readonly string[]> },
): Promise<Watched> {
  const admin = connectRedis(redis);
  const [good, bad] = [nothing(), nothing()];
  const failedOn = new Map<string, Set<string>>();
  const ended = new Map<string, number>();
  let position = "0-0";
  for (let atMs = 0; atMs < seconds * 1000; atMs += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    for (const [id, fields] of await admin.xrange(`bull:${queue}:events`, `(${position}`, "+")) {
      position = id;
      const event = Object.fromEntries(pairs(fields));
      const job = event["jobId"];
      if (job === undefined || !ENDS.includes(event["event"] ?? "") || !isEnd(event)) continue;
      const nth = ended.get(job) ?? 0;
      ended.set(job, nth + 1);
      const [said = null, started] = await admin.hmget(`bull:${queue}:${job}`, "pb", "ats");
      const isBad = event["event"] !== "completed";
      const isKnown = said !== null && Number(started) === nth + 1; // else it has been taken again since, by whom it names
      (isBad ? bad : good)[isKnown ? (said === tries.get(job)?.[nth] ? "right" : "wrong") : "unknown"]++;
      if (isBad) failedOn.set(job, new Set([...(failedOn.get(job) ?? []), ...(isKnown ? [said] : [])]));
    }
  }
  admin.disconnect();
  return { good, bad, failedOn };
}

/** Not a job's first wait, nor the wait that follows a delay. */
function isEnd({ event, prev }: Readonly<Record<string, string>>): boolean {
  return event !== "waiting" || prev === "active";
}

function pairs(fields: readonly string[]): readonly (readonly [string, string])[] {
  return fields.flatMap((field, index) => (index % 2 === 0 ? [[field, fields[index + 1] ?? ""] as const] : []));
}

function nothing(): Tally {
  return { right: 0, wrong: 0, unknown: 0 };
}

function wordsOf({ right, wrong, unknown }: Tally): string {
  return `${String(right).padStart(5)} known ${String(wrong).padStart(4)} wrong ${String(unknown).padStart(5)} unknown`;
}

console.log(
  ["".padEnd(26), "tries that went well".padEnd(35), "tries that failed".padEnd(35), "bad tasks known to fail on all three"].join("   "),
);
const redis = await createRedis();
await redis.start();
try {
  await Promise.all(SETUPS.map((setup) => play(redis, setup)));
} finally {
  await redis.dispose();
}
