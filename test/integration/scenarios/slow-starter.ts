import { freePorts } from "../../../src/demo/free-ports.ts";
import { nowIso, pause, type Part, type Stage } from "../stage.ts";
import { until } from "../../support/until.ts";

const APP = "slow";
const READY_AFTER_MS = 10_000;

/** Ten seconds to healthy, with a grace period of four: only the probe's `startup` can save it. */
export const slowStarterPart: Part = {
  app: APP,
  strategy: { rules: [{ rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "1s", failures: 3 }, "frozen"] },
};

export interface SlowStart {
  readonly healsWhileStarting: number;
  readonly restartsByOthers: number;
  readonly isHealthy: boolean;
}

/** Started under healer's eyes, then restarted by its operator while healthy: both times it takes its ten seconds. */
export async function slowStarter(stage: Stage): Promise<SlowStart> {
  const port = (await freePorts(19_000 + (process.pid % 500) * 2, 1)) ?? 0;
  const since = nowIso();
  const env = { PORT: String(port), READY_AFTER_MS: String(READY_AFTER_MS) };
  await stage.pm2.start({ name: APP, script: "slow-start.mjs", exec_mode: "fork", env });
  await until(() => isHealthy(port), "the slow starter to be healthy", READY_AFTER_MS + 5000);
  await pause(2000);
  await stage.pm2.restart(APP);
  await until(() => isHealthy(port), "the slow starter to be healthy again", READY_AFTER_MS + 5000);
  await pause(3000);
  const [row] = await stage.rows(APP);
  return {
    healsWhileStarting: stage.linesOf(APP, since).filter(({ event }) => event === "heal_intent").length,
    restartsByOthers: (row?.restarts ?? 0) - 1,
    isHealthy: await isHealthy(port),
  };
}

function isHealthy(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    (response) => response.ok,
    () => false,
  );
}
