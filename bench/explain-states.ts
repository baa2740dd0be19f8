// What does `healer explain` show in each state of the machine? One real PM2 and one healer with short knobs are brought into as many
// states as possible; in each, what the command prints on a screen of 80 columns with colour is kept as docs/images/explain-STATE.svg.
// Run: npm run -s build && npx tsx bench/explain-states.ts [STATE…] (about four minutes). Exit status 1 when a state was not seen.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { explainPage } from "../src/cli/explain-page.ts";
import type { Explanation } from "../src/core/explain.ts";
import { isAlive } from "../test/support/process-scan.ts";
import { until } from "../test/support/until.ts";
import { ansiSvg } from "./ansi-svg.ts";
import { configuration, KNOBS, openStage, type Stage } from "./explain-stage.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const IMAGES = fileURLToPath(new URL("../docs/images/", import.meta.url));
const LOOK_AGAIN_MS = 20;
const STATE_MS = 90_000;
const WARM_MS = 12_000; // the grace period, a good answer of everybody, and ten tasks

interface Shot {
  readonly state: string;
  readonly target: string;
  /** Done before it is waited for; shots of one target come in this order. */
  readonly first?: (stage: Stage) => unknown;
  readonly when: (explanation: Explanation) => boolean;
}

const holds = (explanation: Explanation, guard: string): boolean =>
  explanation.guards.find(({ holds: doesHold }) => doesHold)?.guard === guard && explanation.rules.some(({ sustained }) => sustained);
const rate = ({ rules }: Explanation): Explanation["rules"][number] | undefined => rules.find(({ rule }) => rule === "success-rate");
const fail = (app: string, word: string) => (stage: Stage) => writeFileSync(stage.file(app), word);
const isIn =
  (words: RegExp) =>
  (explanation: Explanation): boolean =>
    words.test(explanation.state);

const SHOTS: readonly Shot[] = [
  { state: "healthy", target: "mailer:0", when: (it) => it.state === "healthy" && rate(it)?.state === "fine" },
  { state: "not-proven", target: "mailer:0", first: fail("mailer", "0"), when: (it) => rate(it)?.state === "elevated" },
  {
    state: "not-sustained",
    target: "mailer:0",
    when: (it) => rate(it)?.state === "sick" && rate(it)?.sustained === false,
  },
  { state: "intent", target: "mailer:0", when: isIn(/writing the intent/) },
  { state: "verifying", target: "mailer:0", when: (it) => /watching whether/.test(it.state) && Number(rate(it)?.n) > 3 },
  { state: "grace", target: "resizer:0", first: restartThenFail, when: (explanation) => holds(explanation, "grace") },
  { state: "settling", target: "crasher:0", first: (stage) => stage.pm2.restart("crasher"), when: isIn(/restarted by somebody else/) },
  { state: "held", target: "crasher:0", first: crash, when: isIn(/stopped after a crash loop/) },
  { state: "open-stopped", target: "crasher:0", when: isIn(/circuit open .*stopped/) },
  { state: "acting", target: "stubborn:0", when: isIn(/restart under way/) },
  { state: "backoff", target: "web:0", first: fail("web", "fail"), when: isIn(/next attempt/) },
  { state: "open", target: "web:0", when: isIn(/circuit open/) },
  {
    state: "trial",
    target: "web:0",
    when: ({ state, last_heal: last, guards }) => /watching whether/.test(state) && last !== null && guards.length > 0,
  },
  { state: "paused", target: "paused:0", first: pauseIt, when: (explanation) => holds(explanation, "paused") },
  { state: "observe", target: "observed:0", first: fail("observed", "fail"), when: (explanation) => holds(explanation, "observe") },
  { state: "incident-waiting", target: "fleet:*", first: signalFleet, when: isTimeToPass },
  {
    state: "incident-canary",
    target: "fleet:*",
    when: ({ incident, decision }) => decision === "hold" && /being healed first/.test(incident ?? ""),
  },
  {
    state: "incident-generalise",
    target: "fleet:*",
    when: ({ incident, decision }) => decision === "hold" && /so the others are healed too/.test(incident ?? ""),
  },
  { state: "group-rolling", target: "indexer", first: totalsThenFail, when: isIn(/1 done, .* to go/) },
  {
    state: "blind",
    target: "blind:0",
    first: (stage) => stage.stats.behave("blind", "status-500"),
    when: (it) => (rate(it)?.text ?? "").includes("unknown: "),
  },
  {
    state: "stopped",
    target: "stopped:0",
    first: (stage) => stage.pm2.stop("stopped"),
    when: ({ guards }) => guards.some(({ guard, holds: h }) => guard === "status" && h),
  },
  { state: "too-many", target: "copies", first: (stage) => stage.pm2.scale("copies", 3), when: isTooMany },
  { state: "trimming", target: "copies", when: isIn(/trim under way|trimming/) },
  { state: "replacing", target: "swapped:0", when: isIn(/its replacement .* has been online/) },
  { state: "maintenance", target: "nightly:0", first: fail("nightly", "fail"), when: (explanation) => holds(explanation, "maintenance") },
  { state: "shadow", target: "newcomer:0", first: fail("newcomer", "fail"), when: (explanation) => holds(explanation, "shadow") },
  { state: "dependency", target: "caller:0", first: fail("caller", "fail"), when: (explanation) => holds(explanation, "dependency") },
  { state: "draining", target: "converter:0", first: fail("converter", ""), when: (explanation) => holds(explanation, "drain") },
  { state: "unavailable", target: "shop:1", first: healOneFailOther, when: (explanation) => holds(explanation, "unavailable") },
  { state: "flapping", target: "flapper:0", first: sickTwice, when: isIn(/circuit open \(flapping/) },
];

/** These change what all the others see, so they come when the others are done. */
const LAST: readonly Shot[] = [
  { state: "budget", target: "web:0", first: spendBudget, when: (explanation) => holds(explanation, "budget") },
  {
    state: "pm2-lost",
    target: "web:0",
    first: loseWithDump,
    when: ({ guards }) => guards.some(({ guard, holds: h }) => guard === "pm2" && h),
  },
  { state: "journal", target: "web:0", first: damageJournal, when: (explanation) => holds(explanation, "journal") },
];

async function restartThenFail(stage: Stage): Promise<void> {
  writeFileSync(stage.file("resizer"), "");
  await stage.pm2.restart("resizer");
}

async function crash(stage: Stage): Promise<void> {
  writeFileSync(stage.file("crasher"), "");
  const row = (await stage.pm2.list()).find(({ name }) => name === "crasher");
  if (row?.pid != null) process.kill(row.pid, "SIGUSR2");
}

async function pauseIt(stage: Stage): Promise<void> {
  await stage.healer.call("POST", "/api/targets/paused%3A0/pause", { for_ms: 3_600_000, reason: "moving the database" });
  writeFileSync(stage.file("paused"), "fail");
}

/** All within a turn, or one is healed before anybody knows of the others. */
async function signalFleet({ pm2 }: Stage): Promise<void> {
  const rows = (await pm2.list()).filter(({ name }) => name === "fleet");
  for (const { pid } of rows) if (pid !== null) process.kill(pid, "SIGUSR2");
}

function isTimeToPass(explanation: Explanation): boolean {
  return holds(explanation, "incident") && /most such troubles pass/.test(explanation.reason);
}

async function totalsThenFail(stage: Stage): Promise<void> {
  writeFileSync(stage.file("indexer"), "");
}

function isTooMany({ rules }: Explanation): boolean {
  return rules.some(
    ({ rule, text, flip, sustained }) => rule === "duplicate-workers" && /^3 workers/.test(text) && /trimmed in/.test(flip) && !sustained,
  );
}

/** By hand, so that two of them going bad together are no incident. */
async function healOneFailOther({ pm2, healer }: Stage): Promise<void> {
  const rows = (await pm2.list()).filter(({ name }) => name === "shop");
  const second = rows.find(({ pm2Env }) => Number(pm2Env["NODE_APP_INSTANCE"]) === 1);
  await healer.call("POST", "/api/targets/shop%3A0/heal");
  if (second?.pid != null) process.kill(second.pid, "SIGUSR2");
}

/** A restart helps, and it does not last. */
async function sickTwice({ pm2, healer }: Stage): Promise<void> {
  const sicken = async (): Promise<void> => {
    const row = (await pm2.list()).find(({ name }) => name === "flapper");
    if (row?.pid != null) process.kill(row.pid, "SIGUSR2");
  };
  await sicken();
  await healer.waitFor(({ event, target }) => event === "heal_verdict" && target === "flapper:0", { deadlineMs: STATE_MS });
  await sicken();
}

async function loseWithDump({ pm2 }: Stage): Promise<void> {
  await pm2.save();
  await pm2.killDaemon();
}

/** A bit of an old record turned over: what follows it is whole, so that it was no crash. */
async function damageJournal(stage: Stage): Promise<void> {
  const { pm2, healer } = stage;
  await healer.stop();
  const journal = join(healer.home, "journal");
  const segment = readdirSync(journal).toSorted()[0];
  if (segment === undefined) throw new Error(`no journal in ${journal}`);
  const bytes = readFileSync(join(journal, segment));
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  writeFileSync(join(journal, segment), bytes);
  if (!isAlive(pm2.daemonPid)) {
    await pm2.startDaemon();
    await pm2.resurrect();
  }
  writeFileSync(stage.file("web"), "fail");
  healer.configure(configuration(stage));
  await healer.start();
  await until(() => existsSync(join(healer.home, "healer.sock")), "healer to answer");
}

async function spendBudget(stage: Stage): Promise<void> {
  const budget = { tokens: 1, refill_seconds: 600 };
  stage.healer.configure(configuration(stage, { ...KNOBS, advanced: { ...KNOBS.advanced, budget } }));
  writeFileSync(stage.file("web"), "ok");
  await stage.healer.call("POST", "/api/targets/web%3A0/reset");
  await pause(15_000);
  await stage.healer.call("POST", "/api/targets/fleet%3A0/heal");
  writeFileSync(stage.file("web"), "fail");
}

async function take(stage: Stage, shots: readonly Shot[]): Promise<readonly string[]> {
  const targets = [...new Set(shots.map(({ target }) => target))];
  const missed = await Promise.all(
    targets.map((target) =>
      takeOf(
        stage,
        shots.filter((shot) => shot.target === target),
      ),
    ),
  );
  return missed.flat();
}

/** The shots of one target, one after another; answers with those that did not come. */
async function takeOf(stage: Stage, shots: readonly Shot[]): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const shot of shots) {
    await shot.first?.(stage);
    const untilMs = performance.now() + STATE_MS;
    while (!(await isTaken(stage, shot)) && performance.now() < untilMs) await pause(LOOK_AGAIN_MS);
    if (performance.now() >= untilMs) missed.push(shot.state);
  }
  return missed;
}

/** Of `fleet:*` whichever worker is in that state: who of them is the canary is not for us to say. */
async function isTaken(stage: Stage, shot: Shot): Promise<boolean> {
  const targets = shot.target.endsWith("*") ? [0, 1, 2, 3].map((instance) => shot.target.replace("*", String(instance))) : [shot.target];
  for (const target of targets) if (await isTakenOf(stage, target, shot)) return true;
  return false;
}

async function isTakenOf({ healer }: Stage, target: string, { state, when }: Shot): Promise<boolean> {
  const { status, json } = await healer.call("GET", `/api/targets/${encodeURIComponent(target)}`);
  if (status !== 200) return false;
  const explanation = asElsewhere((json as { explain: Explanation }).explain);
  if (!when(explanation)) return false;
  // Of this very answer, as the command prints it: a second question might find the state gone.
  const page = explainPage(explanation, { columns: 80, colour: true }, Date.now());
  writeFileSync(join(IMAGES, `explain-${state}.svg`), ansiSvg(page, `$ healer explain ${target}`));
  console.log(`\n──── ${state}\n${page}`);
  return true;
}

/** Without what only this bench's own processes have on their command lines, and where they lie on this machine. */
function asElsewhere(explanation: Explanation): Explanation {
  const text = JSON.stringify(explanation)
    .replaceAll(/ --require \S+ --import \S+/g, "")
    .replaceAll(ROOT, "/srv/shop");
  return JSON.parse(text.replaceAll(/(explain-states\.ts)[^`]*`/g, "$1`")) as Explanation;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const wanted = process.argv.slice(2);
const chosen = (shots: readonly Shot[]): readonly Shot[] => shots.filter(({ state }) => wanted.length === 0 || wanted.includes(state));
mkdirSync(IMAGES, { recursive: true });
const stage = await openStage();
try {
  await pause(WARM_MS);
  const missed = [...(await take(stage, chosen(SHOTS))), ...(await takeOf(stage, chosen(LAST)))];
  if (missed.length > 0) console.log(`not seen: ${missed.join(", ")}`);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  await stage.healer.dispose();
  await stage.pm2.dispose();
  await stage.stats.close();
}
