import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LogEvent } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import { EXIT, type CliIo } from "../cli/io.ts";
import { demoConfig } from "./demo-config.ts";
import { HEALER, startDemoHealer, type DemoHealer } from "./demo-healer.ts";
import { takePlace, type DemoPlace } from "./demo-place.ts";
import { findPm2, startDemoPm2, type DemoPm2 } from "./demo-pm2.ts";
import { breakUrl, tellStory } from "./demo-story.ts";
import { watchHealLog, type HealLogWatch } from "./heal-log-watch.ts";

export interface DemoCommand {
  /** Bring everything up with the shipped defaults, break nothing, and stay until Ctrl-C. */
  readonly stay?: boolean;
}

const SHIPPED_CONFIG = fileURLToPath(new URL("../../healer.config.yaml", import.meta.url));
const HEALER_UP_MS = 20_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Lines a newcomer can follow; the file has all of them. */
const TOLD: readonly LogEvent[] = [
  ...(["symptom", "heal_intent", "heal_action", "heal_verdict", "circuit_open", "circuit_closed", "incident_open"] as const),
  ...(["incident_closed", "external_restart", "alert", "config_rejected", "sensor_blind"] as const),
];

interface Stage {
  readonly place: DemoPlace;
  readonly io: CliIo;
  readonly signal: AbortSignal;
}

/**
 * `healer demo`: a real PM2 daemon in a home of its own, a task queue, three workers, the healer daemon, and the story of
 * two heals and one surrender in about two minutes. Leaves nothing running and nothing on disk, also after Ctrl-C. Answers the exit code.
 */
export async function runDemo(command: DemoCommand, io: CliIo): Promise<number> {
  const script = findPm2(io.env);
  if (script === null) {
    io.err("healer demo needs PM2, which is not installed. Install it with: npm install pm2 (or npm install -g pm2)");
    return EXIT.failed;
  }
  const interrupt = new AbortController();
  const onSignal = (): void => {
    if (interrupt.signal.aborted) io.err("already tearing down; a moment, please");
    interrupt.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const place = await takePlace();
    try {
      return await onStage({ place, io, signal: interrupt.signal }, script, command.stay ?? false);
    } finally {
      place.remove();
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

async function onStage(stage: Stage, script: string, stay: boolean): Promise<number> {
  const { place, io } = stage;
  const config = demoConfig(place, stay ? "shipped" : "short", readFileSync(SHIPPED_CONFIG, "utf8"));
  for (const line of place.moved) io.out(line);
  io.out(`Starting PM2 in ${place.pm2Home} with a task queue and three workers …`);
  const pm2 = await startDemoPm2(script, place);
  if (!pm2.ok) {
    io.err(`PM2 did not start: ${pm2.error}`);
    return EXIT.failed;
  }
  const watch = watchHealLog(place.healerHome, (record) => tell(record, io));
  const healer = startDemoHealer(place, config);
  try {
    return await perform(stage, { watch, healer, stay });
  } finally {
    await tearDown(stage, { pm2: pm2.value, watch, healer });
  }
}

async function perform(stage: Stage, cast: { watch: HealLogWatch; healer: DemoHealer; stay: boolean }): Promise<number> {
  const { place, io, signal } = stage;
  const { watch, healer, stay } = cast;
  const died = healer.ended.then((said) => ({ said }));
  const up = await Promise.race([watch.until(({ event }) => event === "daemon_start", HEALER_UP_MS), died, interrupted(signal)]);
  if (signal.aborted) return EXIT.fine;
  if (up === null || "said" in up) {
    io.err(up === null ? "the healer daemon said nothing for 20 s" : `the healer daemon ended: ${up.said}`);
    return EXIT.failed;
  }
  io.out(`healer watches them: ${up.reason}`);
  if (!stay) io.out(`Look on in a browser: http://127.0.0.1:${place.apiPort}/`);
  if (stay) {
    io.out(invitation(place));
    const end = await Promise.race([died, interrupted(signal)]);
    if (end !== null) io.err(`the healer daemon ended: ${end.said}`);
    return end === null ? EXIT.fine : EXIT.failed;
  }
  const told = await Promise.race([tellStory({ place, watch, say: io.out, signal }), died.then(() => false)]);
  if (!told && !signal.aborted) io.err("the demo did not get to its end in time; a loaded machine can do that");
  return told || signal.aborted ? EXIT.fine : EXIT.failed;
}

async function tearDown({ io }: Stage, cast: { pm2: DemoPm2; watch: HealLogWatch; healer: DemoHealer }): Promise<void> {
  io.out("\nTearing down: healer, PM2, the workers …");
  await cast.healer.end();
  await cast.watch.end();
  const left = await cast.pm2.end();
  io.out(left.length === 0 ? "Nothing is left running." : `Could not end these processes: ${left.join(", ")}`);
}

function tell({ ts, event, target, reason }: SealedRecord, io: CliIo): void {
  if (TOLD.includes(event)) io.out(`${ts.slice(11, 19)}  ${event.padEnd(13)} ${target.padEnd(14)} ${reason}`);
}

function invitation(place: DemoPlace): string {
  const healer = `HEALER_HOME=${place.healerHome} node ${HEALER}`;
  return [
    "",
    `  the dashboard          http://127.0.0.1:${place.apiPort}/`,
    `  the workers' tasks     curl -s http://127.0.0.1:${place.queuePort}/`,
    `  how healer sees them   ${healer} status`,
    `  its log, live          ${healer} log -f`,
    `  over HTTP              http://127.0.0.1:${place.apiPort}/api/status   and /metrics`,
    `  to heal, pause …       the token: cat ${place.healerHome}/admin.token`,
    `  break a worker         curl -X POST ${breakUrl(place, 1, "fail")}     (or hang, crash, leak)`,
    `  … for good             curl -X POST '${breakUrl(place, 1, "fail")}?incurable'   and back: curl -X POST http://127.0.0.1:${place.workerPort + 1}/heal`,
    "",
    "With the shipped values a worker is left alone for 3 minutes after its start and healed within a few minutes after proof.",
    "Lines of the heal log follow as they are written. Ctrl-C ends everything.",
    "",
  ].join("\n");
}

function interrupted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
