import type { SealedRecord } from "../core/sealed-record.ts";
import type { ControlPlane } from "../daemon/status.ts";
import type { Metric, Sample } from "./prometheus-text.ts";

/** Counters since the daemon started; Prometheus sees a restart as a reset. */
export interface RecordCounts {
  metrics(): readonly Metric[];
}

const SERIES_MAX = 1_000;
const HEALS_REMEMBERED_MAX = 1_000; // between an intent and its verdict; far more than can be under way
// From a probe that fails at once (seconds) to a rate that sinks slowly (hours).
const BUCKETS_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800];
// From a stop that PM2 answers at once to a drain, a kill timeout and a start that is waited for.
const ACTION_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Counts what the records tell: heals by verdict, holds by guard, times to detect, to act and to recover. */
export function countRecords(plane: Pick<ControlPlane, "onRecord">): RecordCounts {
  const heals = new Counter();
  const holds = new Counter();
  const acting = new Histogram(ACTION_BUCKETS_SECONDS);
  const [detection, recovery] = [new Histogram(BUCKETS_SECONDS), new Histogram(BUCKETS_SECONDS)];
  const actions = new Map<string, string>();
  plane.onRecord((record) => {
    if (record.event === "hold") holds.add({ guard: textOf(record, "guard") });
    if (record.event === "heal_intent") remember(actions, record);
    if (record.event === "heal_action") acting.add(record.more?.["took_ms"]);
    if (record.event !== "heal_verdict") return;
    const action = actions.get(record.heal_id ?? "") ?? "unknown";
    heals.add({ app: record.app ?? record.target, action, verdict: textOf(record, "verdict") });
    detection.add(record.more?.["time_to_detect_ms"]);
    recovery.add(record.more?.["time_to_recover_ms"]);
  });
  const metrics = (): readonly Metric[] => [
    { name: "healer_heals_total", type: "counter", help: "Heals that have their verdict.", samples: heals.samples() },
    { name: "healer_holds_total", type: "counter", help: "Times a guard held a heal back, by guard.", samples: holds.samples() },
    { name: "healer_detection_seconds", type: "histogram", help: "From the symptom to the heal.", samples: detection.samples() },
    { name: "healer_action_seconds", type: "histogram", help: "Each act of a heal, as PM2 carried it out.", samples: acting.samples() },
    { name: "healer_recovery_seconds", type: "histogram", help: "From the symptom to its end.", samples: recovery.samples() },
  ];
  return { metrics };
}

function remember(actions: Map<string, string>, record: SealedRecord): void {
  const [oldest] = actions.keys();
  if (actions.size >= HEALS_REMEMBERED_MAX && oldest !== undefined) actions.delete(oldest);
  if (record.heal_id !== undefined) actions.set(record.heal_id, textOf(record, "action"));
}

function textOf(record: SealedRecord, name: string): string {
  const value = record.more?.[name];
  return typeof value === "string" ? value : "unknown";
}

class Counter {
  readonly #series = new Map<string, { readonly labels: Readonly<Record<string, string>>; value: number }>();

  /** Beyond the bound everything counts as `other`. */
  add(labels: Readonly<Record<string, string>>): void {
    const key = JSON.stringify(labels);
    const known = this.#series.get(key);
    if (known !== undefined) known.value += 1;
    else if (this.#series.size < SERIES_MAX) this.#series.set(key, { labels, value: 1 });
    else this.#addOther(Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])));
  }

  samples(): readonly Sample[] {
    return [...this.#series.values()];
  }

  #addOther(labels: Readonly<Record<string, string>>): void {
    const other = this.#series.get("other") ?? { labels, value: 0 };
    other.value += 1;
    this.#series.set("other", other);
  }
}

class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds` in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(durationMs: unknown): void {
    if (typeof durationMs !== "number" || !Number.isFinite(durationMs)) return;
    const seconds = durationMs / 1000;
    this.#sum += seconds;
    this.#count += 1;
    for (const [index, bound] of this.#bounds.entries()) {
      if (seconds <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  samples(): readonly Sample[] {
    const buckets = this.#bounds.map((bound, index) => ({
      suffix: "_bucket",
      labels: { le: String(bound) },
      value: this.#counts[index] ?? 0,
    }));
    const whole = { suffix: "_bucket", labels: { le: "+Inf" }, value: this.#count };
    return [...buckets, whole, { suffix: "_sum", value: this.#sum }, { suffix: "_count", value: this.#count }];
  }
}
