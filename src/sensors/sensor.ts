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
  /** It lives on PM2's list, which is to be read at least so often even where nothing seems to change. Asked each time. */
  readonly listEveryMs?: number | undefined;
  /** Reads at once, and costs next to nothing: after an action it looks without waiting for its rhythm, so that the end is seen soon. */
  readonly looksAfterActions?: boolean;
  read(context: SensorContext): Promise<readonly Observation[]>;
  /** It is not needed any more: ends the connections it keeps, and a reading under way. Left out: it keeps none. */
  close?(): void;
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

/**
 * Which targets a sensor sees (null = its whole source), so that `sight` follows `blind` once. The first look at a target
 * counts as following blindness: the sensor's predecessor, before an edit of the configuration, may have been blind for
 * it. The core ignores a `sight` without `blind`.
 */
export interface Eyesight {
  /** Goes out with every reading that saw nothing: the core says it once and keeps count of how long it lasts. */
  blind(target: TargetId | null, atMs: number, reason: string): Observation;
  /** Empty when the target was seen before. */
  sees(target: TargetId | null, atMs: number): readonly Observation[];
  /** Forgets all other targets; blindness for one it no longer looks at is over. */
  looksOnlyAt(targets: ReadonlySet<TargetId>, atMs: number): readonly Observation[];
}

export function createEyesight(sensor: string): Eyesight {
  const seen = new Map<TargetId | null, boolean>();
  const sight = (target: TargetId | null, atMs: number): Observation => ({ kind: "sight", sensor, target, atMs });
  return {
    blind(target, atMs, reason) {
      seen.set(target, false);
      return { kind: "blind", sensor, target, atMs, reason };
    },
    sees(target, atMs) {
      if (seen.get(target) === true) return [];
      seen.set(target, true);
      return [sight(target, atMs)];
    },
    looksOnlyAt(targets, atMs) {
      const gone = [...seen].filter(([target]) => target !== null && !targets.has(target));
      for (const [target] of gone) seen.delete(target);
      return gone.filter(([, wasSeen]) => !wasSeen).map(([target]) => sight(target, atMs));
    },
  };
}
