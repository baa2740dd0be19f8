import { cpuAbove } from "./cpu-above.ts";
import { duplicateWorkers } from "./duplicate-workers.ts";
import { eventLoopDelayAbove } from "./event-loop-delay-above.ts";
import { exceptionsAbove } from "./exceptions-above.ts";
import { execProbe } from "./exec-probe.ts";
import { frozen } from "./frozen.ts";
import { heartbeatMissing } from "./heartbeat-missing.ts";
import { httpProbe } from "./http-probe.ts";
import { logPattern } from "./log-pattern.ts";
import { memoryAbove } from "./memory-above.ts";
import { memoryClimbing } from "./memory-climbing.ts";
import { notRunning } from "./not-running.ts";
import { oldestTaskAbove } from "./oldest-task-above.ts";
import { openFilesAbove } from "./open-files-above.ts";
import { queueBacklog } from "./queue-backlog.ts";
import { queueStalled } from "./queue-stalled.ts";
import { restartStorm } from "./restart-storm.ts";
import type { Rule } from "./rule.ts";
import { successRate } from "./success-rate.ts";
import { syntheticTask } from "./synthetic-task.ts";
import { tcpProbe } from "./tcp-probe.ts";

/** Every rule there is. Adding one: its file, and a line here. */
export const RULES: readonly Rule[] = [
  successRate,
  httpProbe,
  tcpProbe,
  execProbe,
  syntheticTask,
  frozen,
  memoryAbove,
  openFilesAbove,
  memoryClimbing,
  cpuAbove,
  restartStorm,
  notRunning,
  queueStalled,
  queueBacklog,
  oldestTaskAbove,
  duplicateWorkers,
  heartbeatMissing,
  eventLoopDelayAbove,
  exceptionsAbove,
  logPattern,
];

/** In force for every strategy; naming one in the configuration only changes its parameters. */
export const RULES_ALWAYS_ON: readonly string[] = [restartStorm.name, notRunning.name];

/** In force where the strategy names a queue. */
export const RULES_OF_A_QUEUE: readonly string[] = [successRate.name];

/** In force where the strategy says `max_workers`. */
export const RULES_OF_MAX_WORKERS: readonly string[] = [duplicateWorkers.name];
