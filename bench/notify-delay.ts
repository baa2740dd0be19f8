// Does a heal wait for somebody who is told of it? Two real healers on two real PM2s, one that tells nobody and one with four channels that
// get every line: one that hangs, one that answers 500, one where nobody listens, a mail server that says nothing. The same worker is
// stopped by the kernel in both, in turns. Then what one line costs the turn it is written in, with a thousand waiting.
// Run: npx tsx bench/notify-delay.ts [ROUNDS] (built first; 8 rounds, about 3 minutes).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Channels } from "../src/daemon/notify/channels.ts";
import { webhook } from "../src/notifiers/webhook.ts";
import { openHealLog } from "../src/record/heal-log.ts";
import { systemFiles } from "../src/world/files/system-files.ts";
import { graceOver, openStage, SHORT_KNOBS, signalWorker, type Stage } from "../test/integration/stage.ts";
import { deadUrl, serveHttp, serveTcp } from "../test/support/http-server.ts";
import { sealedRecord } from "../test/support/log-records.ts";

const APP = "told";
const ROUNDS = Number(process.argv[2] ?? 8);
const OFFERS = 5_000;
const WAITING_MAX = 1_000; // as built in

const hanging = await serveHttp(() => undefined);
const failing = await serveHttp((_, response) => void response.writeHead(500).end());
const silent = await serveTcp(() => undefined);
const every = { on: "all", group: 0, max_per_hour: 3_600 };
const mail = { type: "email", smtp: silent.url.replace("http", "smtp"), from: "healer@example.com", to: "ops@example.com", ...every };
const urls = [hanging.url, failing.url, await deadUrl()];
const notify = [...urls.map((url) => ({ type: "webhook", url, ...every })), mail];

const part = { app: APP, workers: { script: "idle.mjs" }, strategy: { rules: [{ rule: "frozen", for: "2s" }] } };
const knobs = { ...SHORT_KNOBS, max_heals_per_hour: 60 };
const quiet = await openStage([part], { knobs });
const told = await openStage([part], { knobs, top: { notify } });
try {
  for (const stage of [quiet, told]) await graceOver(stage, APP);
  const delays: { quiet: number[]; told: number[] } = { quiet: [], told: [] };
  for (let round = 1; round <= ROUNDS; round++) {
    delays.quiet.push(await symptomToAction(quiet));
    delays.told.push(await symptomToAction(told));
    console.log(
      `round ${round}: symptom to action ${delays.quiet.at(-1)} ms with nobody told, ${delays.told.at(-1)} ms with four sick channels`,
    );
  }
  for (const [name, values] of Object.entries(delays)) console.log(`${name}: ${spread(values)} ms over ${values.length} heals`);
} finally {
  for (const stage of [quiet, told]) await stage.dispose();
}
await costOfOffering();
for (const server of [hanging, failing, silent]) await server.close();

/** From the line that says what is wrong to the moment PM2 is asked to act, both from the heal log. */
async function symptomToAction(stage: Stage): Promise<number> {
  const since = new Date().toISOString();
  await signalWorker(stage, APP, "SIGSTOP");
  const verdict = await stage.waitFor(APP, ({ event, heal_id }) => event === "heal_verdict" && heal_id !== undefined, 60_000, since);
  const lines = stage.linesOf(APP, since);
  const symptom = lines.find(({ event }) => event === "symptom");
  const action = lines.find(({ event, heal_id }) => event === "heal_action" && heal_id === verdict.heal_id);
  await graceOver(stage, APP);
  if (symptom === undefined || action === undefined) throw new Error("a heal without a symptom or an action in the log");
  return Date.parse(action.ts) - Number(action["took_ms"]) - Date.parse(symptom.ts);
}

/** Writing into an outbox is all that a turn does for a channel. */
async function costOfOffering(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "h-"));
  const channels = new Channels({ files: systemFiles(), dir, wallMs: Date.now, random: Math.random, record: () => undefined });
  const params = webhook.params.parse({ type: "webhook", url: hanging.url, ...every });
  channels.use([{ number: 1, kind: webhook, params, path: [] }]);
  const healLog = openHealLog({ files: systemFiles(), dir, host: "box", stdout: null });
  const [tookUs, logUs]: [number[], number[]] = [[], []];
  for (let offered = 0; offered < OFFERS; offered++) {
    const record = sealedRecord({ ts: new Date().toISOString(), reason: "x".repeat(300), target: `w:${offered}` });
    logUs.push(timed(() => healLog.write(record, Date.now(), "abc123")));
    tookUs.push(timed(() => channels.offer(record)));
  }
  await channels.close(0);
  healLog.close();
  rmSync(dir, { recursive: true });
  console.log(`one line into the heal log: ${spread(logUs)} µs`);
  const [room, full] = [tookUs.slice(0, WAITING_MAX), tookUs.slice(WAITING_MAX)];
  console.log(
    `one line into the outbox of a channel that hangs: ${spread(room)} µs; into a full one, which drops another: ${spread(full)} µs`,
  );
}

function timed(run: () => unknown): number {
  const before = performance.now();
  run();
  return (performance.now() - before) * 1000;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN).toFixed(0);
  return `median ${at(0.5)}, 90 % ${at(0.9)}, worst ${at(1)}`;
}
