import type { ComponentChildren } from "preact";
import type { Rate } from "../core/status.ts";
import { SHAPES, TONE_WORDS, type Tone } from "./tone.ts";
import { numberText, percentText, plural } from "./words.ts";

export function Mark({ tone }: { readonly tone: Tone }) {
  return (
    <span class={`mark ${tone}`} role="img" aria-label={TONE_WORDS[tone]} title={TONE_WORDS[tone]}>
      {SHAPES[tone]}
    </span>
  );
}

export function Pill({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>;
}

/** A success rate with its interval, and the threshold as a tick. */
export function RateBar({ rate, threshold }: { readonly rate: Rate | null; readonly threshold: number }) {
  if (rate === null) return <span class="rate none">n/a</span>;
  const { rate: share, low, high, ok, failed } = rate;
  const n = ok + failed;
  const words = `${percentText(share)} of ${plural(n, "task")} succeeded; between ${percentText(low)} and ${percentText(high)}; required ${percentText(threshold)}`;
  const tone = high < threshold ? "person" : share < threshold ? "sick" : "well";
  return (
    <span class={`rate ${tone}`} title={words}>
      <span class="figure">{percentText(share)}</span>
      <span class="track" role="img" aria-label={words}>
        <i class="band" style={{ transform: `translateX(${100 * low}%) scaleX(${Math.max(0.01, high - low)})` }} />
        <i class="point" style={{ transform: `translateX(${100 * share}%)` }} />
        <i class="tick" style={{ transform: `translateX(${100 * threshold}%)` }} />
      </span>
      <span class="n">n={numberText(n)}</span>
    </span>
  );
}

/** A share of something that is full at 1. */
export function Meter(of: { readonly label: string; readonly share: number | null; readonly text: string; readonly hot?: number }) {
  const { label, share, text, hot = 0.9 } = of;
  return (
    <div class="meter">
      <span class="label">{label}</span>
      <span class="figure">{text}</span>
      <span class={`track ${share !== null && share >= hot ? "sick" : ""}`} role="img" aria-label={`${label}: ${text}`}>
        {share !== null && <i class="fill" style={{ width: `${100 * Math.min(1, Math.max(0, share))}%` }} />}
      </span>
    </div>
  );
}

export function Figure(of: {
  readonly label: string;
  readonly value: ComponentChildren;
  readonly note?: ComponentChildren;
  readonly tone?: Tone;
}) {
  const { label, value, note, tone } = of;
  return (
    <div class={`figure-tile ${tone ?? ""}`}>
      <span class="label">{label}</span>
      <span class="value">{value}</span>
      {note !== undefined && <span class="note">{note}</span>}
    </div>
  );
}
