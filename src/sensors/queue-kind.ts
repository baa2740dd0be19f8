import type { z } from "zod";
import type { Sensor } from "./sensor.ts";

/** A kind of queue as the registry holds it. `params` is a strict object that includes `type`. */
export interface QueueKind {
  /** The YAML `type`. */
  readonly type: string;
  readonly summary: string;
  readonly params: z.ZodType;
  /** Variables of the workers' environment that the parameters name (`worker_key: env.NAME`). */
  envNames(params: unknown): readonly string[];
  /** Why it cannot be used in this installation, and what to do, as words after its name; null = it can. Left out: it always can. */
  lacks?(): string | null;
  /** What a queue that is configured like this never tells; null = it tells all it can. Left out: always null. */
  remark?(params: unknown): { readonly message: string; readonly write: string } | null;
  /** `params` must have come out of this kind's own schema. Starts nothing. */
  create(params: unknown, settings: QueueSettings): Sensor;
}

export interface QueueSettings {
  /** The key under `queues:`; the sensor is called `queue:NAME`. */
  readonly name: string;
  /** The strategies that name this queue: its figures speak of their workers. */
  readonly strategies: readonly string[];
  /** The turn. A queue is read at most once a turn. */
  readonly intervalMs: number;
}
