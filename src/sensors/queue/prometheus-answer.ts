import { failure, success, type Outcome } from "../../core/outcome.ts";
import { clip, clipTo, describe, isObject, parseJson, type JsonObject } from "./json-fields.ts";
import type { NotSeen } from "./queue-sensor.ts";

/** One series of an instant vector; a scalar is one without labels. NaN is left out: it is no data. */
export interface Series {
  /** Without the metric's name. */
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface InstantAnswer {
  /** Empty = no data: the metric is absent, or has gone stale. */
  readonly series: readonly Series[];
  /** Evaluation time of a scalar, in seconds since 1970; null where a vector has none. */
  readonly atS: number | null;
}

const SERIES_MAX = 10_000;
const WORDS_SHOWN = 200;

/**
 * Reads the answer of `/api/v1/query`. What Prometheus refuses is nonsense of ours and told at once, with its own words; what
 * it fails at (a timeout, storage, a start) may pass, and so may an answer that it calls incomplete: counters of which some
 * series are missing for a moment would be counted as restarts.
 */
export function readInstantAnswer(answer: {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}): Outcome<InstantAnswer, NotSeen> {
  const isGood = answer.status >= 200 && answer.status < 300;
  const json = parseJson(answer.body, answer.contentType);
  const body = json.ok && isObject(json.value) ? json.value : null;
  if (body?.["status"] === "error")
    return failure({ reason: ownWords(body) ?? "an error without words", mayPass: answer.status >= 500 || answer.status === 429 });
  if (!isGood) return failure({ reason: `HTTP ${answer.status}`, mayPass: true });
  if (!json.ok) return failure({ reason: json.error, mayPass: false });
  if (body === null || !isObject(body["data"]))
    return failure({ reason: `expected Prometheus' answer to a query, got ${describe(json.value)}`, mayPass: false });
  const partial = whatIsMissing(body["warnings"]);
  if (partial !== null) return failure({ reason: `the answer is incomplete: ${partial}`, mayPass: true });
  const read = readResult(body["data"]);
  return read.ok ? read : failure({ reason: read.error, mayPass: false });
}

function ownWords({ errorType, error }: JsonObject): string | null {
  const words = [errorType, error].filter((part) => typeof part === "string" && part !== "");
  return words.length === 0 ? null : clipTo(WORDS_SHOWN, words.join(": "));
}

/** Newer servers also remark on the query itself ("PromQL info: metric might not be a counter"): nothing is missing then. */
function whatIsMissing(warnings: unknown): string | null {
  if (!Array.isArray(warnings)) return null;
  const words = warnings.filter((each) => typeof each === "string" && !each.startsWith("PromQL "));
  return words.length === 0 ? null : clipTo(WORDS_SHOWN, words.join("; "));
}

function readResult({ resultType, result }: JsonObject): Outcome<InstantAnswer, string> {
  switch (resultType) {
    case "vector":
      return Array.isArray(result) ? readVector(result) : failure(`vector: got ${describe(result)}, expected a list`);
    case "scalar":
      return readScalar(result);
    case "matrix":
      return failure("got a matrix, expected one value a series: leave out the [5m], or put a function round it");
    case "string":
      return failure("got a string, expected numbers");
    default:
      return failure(`got a result of type ${describe(resultType)}, expected a vector`);
  }
}

function readVector(result: readonly unknown[]): Outcome<InstantAnswer, string> {
  if (result.length > SERIES_MAX) return failure(`got ${result.length} series, expected at most ${SERIES_MAX}`);
  const series: Series[] = [];
  for (const [index, item] of result.entries()) {
    const one = readSeries(item);
    if (!one.ok) return failure(`series ${index + 1}: ${one.error}`);
    if (!Number.isNaN(one.value.value)) series.push(one.value);
  }
  return success({ series, atS: null });
}

function readSeries(item: unknown): Outcome<Series, string> {
  if (!isObject(item) || !isObject(item["metric"])) return failure(`got ${describe(item)}, expected labels and a value`);
  if (item["value"] === undefined && item["histogram"] !== undefined) return failure("got a histogram, expected a number");
  const sample = readSample(item["value"]);
  if (!sample.ok) return sample;
  const labels = Object.entries(item["metric"]).filter(([name, value]) => name !== "__name__" && typeof value === "string" && value !== "");
  return success({ labels: new Map(labels as readonly [string, string][]), value: sample.value.value });
}

function readScalar(result: unknown): Outcome<InstantAnswer, string> {
  const sample = readSample(result);
  if (!sample.ok) return failure(`scalar: ${sample.error}`);
  const { atS, value } = sample.value;
  return success({ series: Number.isNaN(value) ? [] : [{ labels: new Map(), value }], atS });
}

/** `[1700000000.123, "42"]`: numbers are text, because JSON knows neither NaN nor +Inf. */
function readSample(sample: unknown): Outcome<{ readonly atS: number; readonly value: number }, string> {
  const [atS, text] = Array.isArray(sample) ? (sample as readonly unknown[]) : [];
  if (typeof atS !== "number" || typeof text !== "string") return failure(`got ${describe(sample)}, expected a time and a number`);
  const value = text === "NaN" || !/^[+-]?\d/.test(text) ? Number.NaN : Number(text);
  if (Number.isFinite(value) || text === "NaN") return success({ atS, value });
  return failure(`got ${clip(text)}, expected a number`);
}
