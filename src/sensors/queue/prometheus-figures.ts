import { failure, success, type Outcome } from "../../core/outcome.ts";
import { clip, readAge, readCount } from "./json-fields.ts";
import type { Series } from "./prometheus-answer.ts";
import type { Figure } from "./prometheus-queue-params.ts";
import type { Counts, StatsReading } from "./queue-reading.ts";

/** What was asked, and the series of each answer; absent = not asked. */
export type Answers = Readonly<Partial<Record<Figure, readonly Series[]>>>;

const LABELS_SHOWN = 6;
const SKEW_S_MAX = 60; // `time() - last_enqueued` is below 0 where the clocks of two machines differ

/**
 * Turns answers into a reading. Series that carry the worker's label speak of workers, those without any label of all of them.
 * No series is no data: a worker with only one of the two counters has none either, since nothing says that the other is 0.
 */
export function readFigures(answers: Answers, workerLabel: string | null): Outcome<StatsReading, string> {
  const label = labelOf(answers, workerLabel);
  if (!label.ok) return label;
  const counts = readCounts(answers, label.value);
  if (!counts.ok) return counts;
  const [pending, oldest] = [readOne("pending", answers.pending ?? []), readOne("oldest_age", answers.oldest_age ?? [])];
  if (!pending.ok) return pending;
  if (!oldest.ok) return oldest;
  const isSkewed = oldest.value !== null && oldest.value < 0 && oldest.value > -SKEW_S_MAX;
  const age = readAge(isSkewed ? 0 : oldest.value, "oldest_age");
  if (!age.ok) return age;
  const waiting = pending.value === null ? success(null) : readCount(Math.round(pending.value), "pending"); // an average may have fractions
  if (!waiting.ok) return waiting;
  const running = readRunning(answers.running ?? [], label.value);
  if (!running.ok) return running;
  return success({ pending: waiting.value, oldestMs: age.value, ...counts.value, ...running.value });
}

/** null = there are no labels: totals only. */
function labelOf({ completed = [], failed = [], running = [] }: Answers, configured: string | null): Outcome<string | null, string> {
  if (configured !== null) return success(configured);
  const counted = labelsIn([...completed, ...failed]);
  const labels = counted.length > 0 ? counted : labelsIn(running);
  const [only = null] = labels;
  if (labels.length <= 1) return success(only);
  const shown = labels.slice(0, LABELS_SHOWN).map(clip).join(", ") + (labels.length > LABELS_SHOWN ? ", …" : "");
  return failure(`its series have several labels (${shown}): say which one names the worker with worker_label, and sum by it`);
}

function labelsIn(series: readonly Series[]): readonly string[] {
  return [...new Set(series.flatMap(({ labels }) => [...labels.keys()]))].toSorted();
}

function readCounts(
  { completed = [], failed = [] }: Answers,
  label: string | null,
): Outcome<Pick<StatsReading, "totals" | "workers">, string> {
  if (label === null) {
    const [ok, bad] = [readTotal("completed", completed), readTotal("failed", failed)];
    if (!ok.ok) return ok;
    if (!bad.ok) return bad;
    const totals = ok.value === null || bad.value === null ? null : { completed: ok.value, failed: bad.value };
    return success({ totals, workers: null });
  }
  const [ok, bad] = [readByWorker("completed", completed, label), readByWorker("failed", failed, label)];
  if (!ok.ok) return ok;
  if (!bad.ok) return bad;
  const workers = new Map<string, Counts>();
  for (const [worker, count] of ok.value) {
    const failures = bad.value.get(worker);
    if (failures !== undefined) workers.set(worker, { completed: count, failed: failures });
  }
  return success({ totals: null, workers });
}

function readTotal(figure: Figure, series: readonly Series[]): Outcome<number | null, string> {
  const one = readOne(figure, series);
  return !one.ok || one.value === null ? one : readWhole(figure, one.value);
}

/** Series without the label are tasks that no worker had, unless none has it: then the query is about something else. */
function readByWorker(figure: Figure, series: readonly Series[], label: string): Outcome<ReadonlyMap<string, number>, string> {
  const found = new Map<string, number>();
  for (const { labels, value } of series) {
    const worker = labels.get(label);
    if (worker === undefined) continue;
    if (found.has(worker))
      return failure(`${figure}: ${label}="${clip(worker)}" is there twice, expected each worker once: sum(…) by (${label})`);
    const count = readWhole(`${figure} of ${clip(worker)}`, value);
    if (!count.ok) return count;
    found.set(worker, count.value);
  }
  if (series.length === 0 || found.size > 0) return success(found);
  const there = labelsIn(series);
  const has = there.length === 0 ? "they have none" : `they have ${there.slice(0, LABELS_SHOWN).map(clip).join(", ")}`;
  return failure(`${figure}: none of its series has the label ${label} (${has})`);
}

/** A counter counts whole tasks; what has fractions is a rate, or extrapolated. */
function readWhole(place: string, value: number): Outcome<number, string> {
  const count = readCount(value, place);
  if (count.ok) return success(count.value ?? 0);
  return failure(`${count.error}: the counter itself, without rate() or increase()`);
}

function readRunning(series: readonly Series[], label: string | null): Outcome<Pick<StatsReading, "running" | "inHand">, string> {
  const whole = series.map((one) => ({ ...one, value: Math.round(one.value) }));
  const isByWorker = label !== null && whole.some(({ labels }) => labels.has(label));
  const total = isByWorker ? success(whole.reduce((sum, { value }) => sum + value, 0)) : readOne("running", whole);
  const running = total.ok && total.value !== null ? readCount(total.value, "running") : total;
  if (!running.ok) return running;
  const inHand = isByWorker ? readByWorker("running", whole, label) : success(new Map<string, number>());
  return inHand.ok ? success({ running: running.value, inHand: inHand.value }) : inHand;
}

function readOne(figure: Figure, series: readonly Series[]): Outcome<number | null, string> {
  if (series.length > 1) return failure(`${figure}: got ${series.length} series, expected one: sum(…) or max(…)`);
  return success(series[0]?.value ?? null);
}
