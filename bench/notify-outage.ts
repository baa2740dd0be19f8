// Does each event reach its receiver once, whatever ails the receiver? A real healer on a real PM2 heals three workers in turns and tells every
// line to five receivers. Four of them are sick for ten minutes: one hangs, one answers 500, nobody listens at one, one takes what it gets and
// hangs up. Meanwhile healer is killed three times and stopped once. Then all are well, and what arrived is compared with the heal log.
// Run: npm run -s build && npx tsx bench/notify-outage.ts [SECONDS=600] (and up to five minutes until the last try). Exit status 1 when a line is
// missing somewhere or came under two ids.
import { alertReceiver } from "../test/support/alert-receiver.ts";
import { until } from "../test/support/until.ts";
import { graceOver, openStage, pause, SHORT_KNOBS, signalWorker } from "../test/integration/stage.ts";

const SICK_MS = Number(process.argv[2] ?? 600) * 1000;
const LAST_TRY_MS = 400_000; // five minutes between tries, and a quarter by chance
const BETWEEN_HEALS_MS = 5_000;
const APPS = ["told-1", "told-2", "told-3"];
const MOODS = ["well", "hangs", "answers 500", "nobody listens", "takes it and hangs up"] as const;

const receivers = await Promise.all(MOODS.map(async (mood) => ({ mood, receiver: await alertReceiver() })));
const notify = receivers.map(({ receiver: { url } }) => ({ type: "webhook", url, on: "all", group: 0, max_per_hour: 3_600 }));
const circuit = { ...SHORT_KNOBS.advanced.circuit, max_heals_per_day: 1_000 };
const knobs = { ...SHORT_KNOBS, max_heals_per_hour: 60, advanced: { ...SHORT_KNOBS.advanced, circuit } };
const strategy = { rules: [{ rule: "frozen", for: "2s" }] };
const stage = await openStage(
  APPS.map((app) => ({ app, workers: { script: "idle.mjs" }, strategy })),
  { knobs, top: { notify } },
);
try {
  await fallSick();
  const heals = await healMeanwhile();
  for (const { receiver } of receivers) {
    receiver.mood = "well";
    await receiver.comeUp();
  }
  console.log(`${heals} heals in ${SICK_MS / 1000} s; all receivers are well again`);
  await until(() => receivers.every(({ receiver }) => missingAt(receiver).length === 0), "every line to arrive", LAST_TRY_MS).catch(
    () => undefined,
  );
  for (const each of receivers) tell(each);
} finally {
  await stage.dispose();
  for (const { receiver } of receivers) await receiver.goDown();
}

async function fallSick(): Promise<void> {
  for (const { mood, receiver } of receivers) {
    if (mood === "nobody listens") await receiver.goDown();
    else receiver.mood = mood;
  }
}

/** Heals until the receivers have been sick for long enough; ends and starts healer at four moments between. Answers with the heals. */
async function healMeanwhile(): Promise<number> {
  const endsAt = Date.now() + SICK_MS;
  const ends = [0.2, 0.4, 0.6, 0.8].map((share) => endsAt - share * SICK_MS).toReversed();
  let heals = 0;
  for (; Date.now() < endsAt; heals++) {
    const app = APPS[heals % APPS.length]!;
    const since = new Date().toISOString();
    await signalWorker(stage, app, "SIGSTOP");
    if (Date.now() > (ends[0] ?? Infinity)) {
      ends.shift();
      await endAndStart(ends.length === 0 ? "stop" : "kill");
    }
    await stage.waitFor(app, ({ event }) => event === "heal_verdict", 90_000, since);
    await graceOver(stage, app);
    await pause(BETWEEN_HEALS_MS);
  }
  return heals;
}

/** In the middle of a heal, or what will be one. */
async function endAndStart(how: "stop" | "kill"): Promise<void> {
  await pause(Math.random() * 6_000);
  await stage.healer[how]();
  await stage.healer.start();
}

type Receiver = (typeof receivers)[number]["receiver"];

/** What the heal log holds and the receiver was not told. Lines of the notifiers themselves are theirs alone. */
function missingAt(receiver: Receiver): readonly string[] {
  const arrived = new Set(arrivedAt(receiver));
  return written().filter((line) => !arrived.has(line));
}

function arrivedAt(receiver: Receiver): readonly string[] {
  return receiver.events().map(({ body }) => lineOf(body));
}

function written(): readonly string[] {
  return stage.healer
    .lines()
    .filter(({ event }) => event !== "notify_failed")
    .map(lineOf);
}

function lineOf({ ts, event, target, reason }: Readonly<Record<string, unknown>>): string {
  return [ts, event, target, reason].join(" ");
}

function tell({ mood, receiver }: (typeof receivers)[number]): void {
  const lines = arrivedAt(receiver);
  const missing = missingAt(receiver);
  const twice = lines.length - new Set(lines).size;
  const { requests, repeats } = receiver;
  console.log(
    `${mood}: ${lines.length} of ${written().length} lines, ${missing.length} missing, ${twice} twice; ${requests} requests, ${repeats} of them again under an id taken before`,
  );
  for (const line of missing) console.log(`  missing: ${line}`);
  if (missing.length + twice > 0) process.exitCode = 1;
}
