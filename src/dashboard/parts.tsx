import { useComputed, type ReadonlySignal } from "@preact/signals";
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

/** Of signals: what they say is written straight into the page, without drawing the bar again. */
type ReadRate = () => { readonly rate: Rate | null; readonly threshold: number };

/** A success rate with its interval, and the threshold as a tick. */
export function RateBar({ read }: { readonly read: ReadRate }) {
  const isKnown = useComputed(() => read().rate !== null).value;
  const words = useRate(read, rateWords);
  const look = useRate(read, rateLook);
  const figure = useRate(read, ({ rate }) => percentText(rate));
  const tasks = useRate(read, ({ ok, failed }) => `n=${numberText(ok + failed)}`);
  const band = useRate(
    read,
    ({ low, high }) => `transform: translateX(${percent(low)}%) scaleX(${Math.max(1, percent(high - low)) / 100})`,
  );
  const point = useRate(read, ({ rate }) => `transform: translateX(${percent(rate)}%)`);
  const tick = useRate(read, (_rate, threshold) => `transform: translateX(${percent(threshold)}%)`);
  if (!isKnown) return <span class="rate none">n/a</span>;
  return (
    <span class={look} title={words}>
      <span class="figure">{figure}</span>
      <span class="track" role="img" aria-label={words}>
        <i class="band" style={band} />
        <i class="point" style={point} />
        <i class="tick" style={tick} />
      </span>
      <span class="n">{tasks}</span>
    </span>
  );
}

function useRate(read: ReadRate, text: (rate: Rate, threshold: number) => string): ReadonlySignal<string> {
  return useComputed(() => {
    const { rate, threshold } = read();
    return rate === null ? "" : text(rate, threshold);
  });
}

/** To half a percent, which is less than a pixel: most turns move nothing. */
function percent(share: number): number {
  return Math.round(200 * share) / 2;
}

function rateWords({ rate, low, high, ok, failed }: Rate, threshold: number): string {
  return `${percentText(rate)} of ${plural(ok + failed, "task")} succeeded; between ${percentText(low)} and ${percentText(high)}; required ${percentText(threshold)}`;
}

function rateLook({ rate, high }: Rate, threshold: number): string {
  return `rate ${high < threshold ? "person" : rate < threshold ? "sick" : "well"}`;
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
