import { delays, heals, quantile } from "./measure.ts";
import { ALTERNATIVES, DEFAULT_RULE, SPECIFIED_RULE, type RuleUnderTest } from "./rules.ts";
import { blips, bursty, independent, VOLUMES, type Stream, type Volume } from "./streams.ts";

/** What `bench/success-rate-table.ts` prints and the figures draw: plain rows, kept as JSON beside the figures. */
export interface VolumeFigures {
  readonly volume: string;
  readonly perDay: number;
  /** Proof demanded: ln(tasks a day / 0.1 false heals a day). */
  readonly h: number;
  readonly falseHeals: readonly FalseHeals[];
  readonly delays: readonly DelayRow[];
}

export interface FalseHeals {
  readonly rule: string;
  readonly stream: string;
  readonly days: number;
  readonly heals: number;
}

export interface DelayRow {
  readonly rule: string;
  readonly ratePercent: number;
  readonly medianTasks: number;
  readonly medianSeconds: number;
  readonly p95Seconds: number;
}

export const RULES: readonly RuleUnderTest[] = [DEFAULT_RULE, SPECIFIED_RULE, ...ALTERNATIVES];

/** Streams of which nobody should be healed. A burst is five failures long on average; blips come six times a day. */
export const STREAMS: Readonly<Record<string, Stream>> = {
  ".70": independent(0.7),
  ".72": independent(0.72),
  ".80": independent(0.8),
  ".90": independent(0.9),
  ".97": independent(0.97),
  "bursts .90": bursty(0.9),
  "bursts .70": bursty(0.7),
  "blips 45 s": blips(45),
  "blips 90 s": blips(90),
};

/** A new worker every day, of whose bursts nothing is known yet: only of interest for a rule that learns. */
const UNKNOWN = "bursts .90, new worker each day";

const SIZES: readonly { readonly volume: Volume; readonly days: number; readonly hoursBefore: number }[] = [
  { volume: VOLUMES.minute, days: 200, hoursBefore: 12 },
  { volume: VOLUMES.tenAMinute, days: 100, hoursBefore: 6 },
  { volume: VOLUMES.tenASecond, days: 8, hoursBefore: 2 },
];

const COLLAPSES = 61;
const SEED = 7;

export const COLLAPSE_RATES = [0.2, 0.5] as const;

/** `scale` multiplies worker-days. The other rules get a quarter: their figures are larger, and need fewer. */
export function measureVolumes(scale: number, only: readonly string[]): readonly VolumeFigures[] {
  const sizes = SIZES.filter(({ volume }) => only.length === 0 || only.includes(volume.name));
  return sizes.map((size) => measureVolume(size, scale));
}

function measureVolume({ volume, days, hoursBefore }: (typeof SIZES)[number], scale: number): VolumeFigures {
  const falseHeals: FalseHeals[] = [];
  const rows: DelayRow[] = [];
  for (const rule of RULES) {
    const share = Math.ceil(days * scale * (rule === DEFAULT_RULE ? 1 : 0.25));
    const watch = { volume, days: share, seed: SEED };
    for (const [name, stream] of Object.entries(STREAMS))
      falseHeals.push({ rule: rule.name, stream: name, days: share, heals: heals(rule, { ...watch, stream }) });
    if (rule === DEFAULT_RULE)
      falseHeals.push({
        rule: rule.name,
        stream: UNKNOWN,
        days: share,
        heals: heals(rule, { ...watch, stream: bursty(0.9), newWorkerAfterDays: 1 }),
      });
    for (const rate of COLLAPSE_RATES) {
      const found = delays(rule, { volume, rate, runs: COLLAPSES, hoursBefore });
      const median = quantile(found, 0.5);
      const late = quantile(found, 0.95);
      rows.push({
        rule: rule.name,
        ratePercent: 100 * rate,
        medianTasks: median.tasks,
        medianSeconds: median.seconds,
        p95Seconds: late.seconds,
      });
    }
  }
  return { volume: volume.name, perDay: volume.perDay, h: Math.log(volume.perDay / 0.1), falseHeals, delays: rows };
}

/** Lorden and Moustakides: no test with a false alarm in e^h tasks finds a change to `rate` in fewer than h / KL tasks on average. */
export function boundTasks(h: number, rate: number): number {
  return h / (rate * Math.log(rate / 0.7) + (1 - rate) * Math.log((1 - rate) / 0.3));
}
