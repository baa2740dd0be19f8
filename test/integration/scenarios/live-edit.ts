import { graceOver, nowIso, signalWorker, type Part, type Stage } from "../stage.ts";

const APP = "edited";

/** Sick by its probe, but the threshold is out of reach until somebody edits it. */
export const liveEditPart: Part = {
  app: APP,
  workers: { script: "http-health.mjs" },
  strategy: { rules: [{ rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "1s", failures: "77 of 99", startup: 0 }] },
};

export interface LiveEdit {
  readonly healsBefore: number;
  readonly loadedMs: number;
  readonly diff: string;
  readonly decidedMs: number;
  readonly rejected: string;
  readonly rejectedMs: number;
  /** What is in force after the broken edit is what was in force before it. */
  readonly sameConfig: boolean;
  readonly rejectedInStatus: boolean;
}

export async function liveEdit(stage: Stage): Promise<LiveEdit> {
  await graceOver(stage, APP);
  await signalWorker(stage, APP, "SIGUSR2");
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const healsBefore = stage.linesOf(APP).filter(({ event }) => event === "heal_intent").length;
  const edited = nowIso();
  const yaml = stage.yaml.replace("77 of 99", '"1"');
  stage.healer.configure(yaml);
  const loaded = await waitForDaemon(stage, "config_loaded", edited);
  const intent = await stage.waitFor(APP, ({ event }) => event === "heal_intent", 20_000, edited);
  const before = await configOf(stage);
  const broken = nowIso();
  stage.healer.configure(yaml.replace("mode: heal", "mode: hael"));
  const rejected = await waitForDaemon(stage, "config_rejected", broken);
  const after = await configOf(stage);
  stage.healer.configure(yaml);
  return {
    healsBefore,
    loadedMs: Date.parse(loaded.ts) - Date.parse(edited),
    diff: JSON.stringify(loaded["diff"]),
    decidedMs: Date.parse(intent.ts) - Date.parse(edited),
    rejected: rejected.reason,
    rejectedMs: Date.parse(rejected.ts) - Date.parse(broken),
    sameConfig: before.hash === after.hash,
    rejectedInStatus: after.rejected !== null,
  };
}

function waitForDaemon(stage: Stage, event: string, since: string) {
  return stage.healer.waitFor((line) => line.event === event && line.ts >= since, { deadlineMs: 20_000, what: event });
}

async function configOf(stage: Stage): Promise<{ readonly hash: string; readonly rejected: string | null }> {
  const { json } = await stage.healer.call("GET", "/api/status");
  return (json as { config: { hash: string; rejected: string | null } }).config;
}
