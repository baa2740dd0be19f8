import { z } from "zod";
import type { Judgement, TargetView } from "../core/judgement.ts";
import { formatBytes, formatDuration } from "../core/quantities.ts";
import { parseTextPattern } from "../core/text-pattern.ts";
import { plural } from "../core/words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import {
  addToSpans,
  countSpans,
  fileHappenings,
  flipOfHappenings,
  freshHappenings,
  isInGrace,
  judgeHappenings,
  timingOfHappenings,
  verdictOfHappenings,
  type Happenings,
  type Measure,
  type Span,
} from "./count-within.ts";
import { duration } from "./param-schemas.ts";
import { defineRule, type Bound, type RuleAdvice } from "./rule.ts";

interface Params {
  readonly pattern: string;
  readonly lines: number;
  readonly within: number;
  readonly stream: "out" | "err" | "both";
}

interface Memory extends Happenings {
  /** Bytes of its log that were passed over. */
  skipped: Span[];
}

const WITHIN_MS_MAX = 3_600_000;

/**
 * So many lines of the worker's own log hold a text, or match a regular expression, within a while. healer reads the files that
 * PM2 writes, at its own pace: what is written faster than that is passed over and counted, and then the rule is not sure that a
 * worker is fine. No line is kept or quoted anywhere.
 */
export const logPattern = defineRule<Params, Memory>({
  name: "log-pattern",
  summary: "so many lines of the worker's log have held pattern (text, or /regular expression/) within within",
  params: z.strictObject({
    pattern: linePattern(),
    lines: z.int("expected a whole number of lines").min(1).max(100_000).default(3),
    within: duration({ minMs: 1000, maxMs: WITHIN_MS_MAX }).prefault("5m"),
    stream: z.enum(["out", "err", "both"]).default("both").meta({ description: "standard output, standard error, or both" }),
  }),
  needs: ["log"],
  knobs: ["gracePeriodMs"],
  scope: "worker",
  actsInGrace: false,
  aboutWork: true,
  action: null,
  fresh: () => ({ ...freshHappenings(), skipped: [] }),

  observe(memory, observation, view, bound) {
    if (observation.kind !== "log-lines" || observation.rule !== bound.key) return;
    const { atMs, lines, skippedBytes } = observation;
    fileHappenings(memory, { fromMs: atMs, count: lines }, view, measureOf(bound));
    memory.skipped = addToSpans(memory.skipped, { fromMs: atMs, count: skippedBytes }, bound.params.within);
  },

  judge,

  verdict: (memory, view, bound) => verdictOfHappenings(memory, judge(memory, view, bound), measureOf(bound)),

  describe(memory, view, { value }, { params }) {
    if (isInGrace(memory)) return "lines of its log count from the end of its grace period on";
    if (value === null) return "its log was not read lately";
    const skipped = countSpans(memory.skipped, view.nowMs, params.within);
    const lines = `${plural(value, "line")} of its log ${value === 1 ? "has" : "have"} ${patternWords(params)} in the last ${formatDuration(params.within)}`;
    return `${lines}; ${params.lines} ${params.lines === 1 ? "is" : "are"} a symptom${skipped === 0 ? "" : ` (${formatBytes(skipped)} were written too fast to be read)`}`;
  },

  flip(memory, view, { state, value }, bound) {
    const { params } = bound;
    if (value !== null) return flipOfHappenings(memory, view.nowMs, state, measureOf(bound));
    return `needs its log; ${plural(params.lines, "line")} with ${patternWords(params)} within ${formatDuration(params.within)} would heal`;
  },

  timing: (bound) => timingOfHappenings(measureOf(bound)),

  advise: ({ params }, { groups }) => [...groups].flatMap(([group, rows]) => adviseGroup(params, group, rows)),
});

/** `FATAL`, or `/out of (memory|handles)/i`; one that every line holds is a mistake. */
function linePattern() {
  return z
    .string()
    .min(1, "expected some text")
    .max(1000)
    .meta({ description: "text that a line must hold, or /regular expression/" })
    .superRefine((written, context) => {
      if (written === "") return; // said already
      const parsed = parseTextPattern(written);
      if (!parsed.ok) return context.addIssue({ code: "custom", message: `expected ${parsed.error}` });
      const { value } = parsed;
      if (value.kind === "text" ? value.text.trim() !== "" : !new RegExp(value.source, value.flags).test("")) return;
      context.addIssue({ code: "custom", message: "expected a pattern that not every line holds" });
    });
}

/** Where something was passed over, fewer lines than needed prove nothing. */
function judge(memory: Memory, view: TargetView, bound: Bound<Params>): Judgement {
  const judgement = judgeHappenings(memory, view.nowMs, measureOf(bound));
  const isSure = judgement.state !== "fine" || countSpans(memory.skipped, view.nowMs, bound.params.within) === 0;
  return isSure ? judgement : { ...judgement, state: "unknown" };
}

function measureOf({ params: { lines, within }, knobs }: Bound<Params>): Measure {
  return { needed: lines, withinMs: within, noun: "line", graceMs: knobs.gracePeriodMs };
}

function patternWords({ pattern }: Params): string {
  return pattern.startsWith("/") ? pattern : `"${pattern}"`;
}

function adviseGroup({ stream }: Params, group: string, rows: readonly WorkerRow[]): readonly RuleAdvice[] {
  const logs = rows.map((row) => logsOf(row, stream));
  if (logs.some((paths) => paths.length === 0)) {
    const message = `PM2 writes no log of ${group} (out_file, error_file, disable_logs): this rule never speaks of it`;
    return [{ key: null, message, write: null }];
  }
  const paths = logs.flat();
  if (new Set(paths).size === paths.length) return [];
  const message = `the workers of ${group} write one log together (merge_logs, or PM2's default of one name twice): nobody can tell whose a line is, and this rule never speaks of them`;
  return [{ key: null, message, write: null }];
}

/** Of one worker; out and err may be one file. */
function logsOf({ logs }: WorkerRow, stream: Params["stream"]): readonly string[] {
  const paths = [stream === "err" ? null : logs.out, stream === "out" ? null : logs.err];
  return [...new Set(paths.filter((path) => path !== null))];
}
