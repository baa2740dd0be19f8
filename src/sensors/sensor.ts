import type { Observation, TargetId } from "../core/observation.ts";
import type { WorkerRow } from "../core/worker-row.ts";

/**
 * The contract of a sensor: it reads the world and returns observations, or says it is blind; it never says "sick",
 * never throws and ends by itself when `signal` aborts. The daemon starts a reading when it is due and none of the
 * same sensor is under way.
 */
export interface Sensor {
  /** Unique: "os-processes", "queue:llm", "http-probe:rpa-worker". Stands in `sensor_blind` lines. */
  readonly name: string;
  readonly everyMs: number;
  /** Longest time a reading may take before `signal` aborts it and the sensor counts as blind. */
  readonly timeoutMs: number;
  read(context: SensorContext): Promise<readonly Observation[]>;
}

export interface SensorContext {
  /** Reducer time, for `atMs`; read it when the answer arrives. */
  now(): number;
  readonly workers: readonly WatchedWorker[];
  readonly signal: AbortSignal;
}

/** A worker some strategy selects, as of the newest list. */
export interface WatchedWorker {
  readonly id: TargetId;
  readonly group: TargetId;
  readonly strategy: string;
  readonly row: WorkerRow;
}
