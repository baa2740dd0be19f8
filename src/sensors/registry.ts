import { bullmqQueue } from "./bullmq-queue.ts";
import { createExecProbeSensor } from "./exec-probes.ts";
import { createHttpProbeSensor } from "./http-probes.ts";
import { createLogLinesSensor } from "./log-lines.ts";
import type { ProbeRule } from "./probe-rounds.ts";
import { prometheusQueue } from "./prometheus-queue.ts";
import type { QueueKind } from "./queue-kind.ts";
import { httpQueue } from "./queue-stats.ts";
import { rabbitmqQueue } from "./rabbitmq-queue.ts";
import type { Sensor } from "./sensor.ts";
import { createSyntheticTaskSensor } from "./synthetic-tasks.ts";
import { createTcpProbeSensor } from "./tcp-probes.ts";

/** Every kind of queue there is. Adding one: its file, and a line here. */
export const QUEUE_KINDS: readonly QueueKind[] = [httpQueue, prometheusQueue, bullmqQueue, rabbitmqQueue];

/** Who looks for one rule alone, by the rule's name: probes, and whoever needs its parameters. */
export const SENSORS_OF_A_RULE: ReadonlyMap<string, (rule: ProbeRule) => Sensor> = new Map([
  ["http-probe", createHttpProbeSensor],
  ["tcp-probe", createTcpProbeSensor],
  ["exec-probe", createExecProbeSensor],
  ["synthetic-task", createSyntheticTaskSensor],
  ["log-pattern", createLogLinesSensor],
]);
