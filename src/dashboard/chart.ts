import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Curve } from "../daemon/status.ts";
import type { LogLine } from "./lines.ts";
import { SHAPES, toneOfLine } from "./tone.ts";
import { bytesText } from "./words.ts";

interface Drawing {
  readonly curve: Curve;
  readonly threshold: number;
  readonly spanMs: number;
  readonly happened: readonly LogLine[];
}

const HEIGHT = 180;
const WIDTH_MIN = 280;
const PADDING = 15;
const BYTE_STEPS = Array.from({ length: 44 }, (_, power) => 2 ** power);
const MARK_FONT = "14px system-ui";

/** Two charts under one cursor: the success rate with its interval and threshold, and the memory. */
export function drawCurves(box: HTMLElement, drawing: Drawing): { destroy(): void } {
  const charts = chartsIn(box, drawing);
  const sync = uPlot.sync("healer");
  for (const chart of charts) sync.sub(chart);
  const resize = new ResizeObserver(() => {
    for (const chart of charts) chart.setSize({ width: widthOf(box), height: HEIGHT });
  });
  resize.observe(box);
  return {
    destroy() {
      resize.disconnect();
      for (const chart of charts) chart.destroy();
    },
  };
}

/** A figure that was never known has no chart. */
function chartsIn(box: HTMLElement, drawing: Drawing): readonly uPlot[] {
  const colours = coloursOf(box);
  const { at, series } = drawing.curve;
  const columns = (...names: string[]): uPlot.AlignedData => [[...at], ...names.map((name) => [...(series[name] ?? at.map(() => null))])];
  const isKnown = (name: string): boolean => series[name]?.some((value) => value !== null) === true;
  const rate = (): uPlot =>
    new uPlot(rateOptions(drawing, widthOf(box), colours), columns("success_low", "success_high", "success_rate"), box);
  const memory = (): uPlot => new uPlot(memoryOptions(drawing, widthOf(box), colours), columns("memory_bytes"), box);
  return [...(isKnown("success_rate") ? [rate()] : []), ...(isKnown("memory_bytes") ? [memory()] : [])];
}

function widthOf(box: HTMLElement): number {
  return Math.max(WIDTH_MIN, box.clientWidth - 2 * PADDING);
}

type Colours = Readonly<Record<"text" | "line" | "accent" | "band" | "person" | "sick" | "work" | "rest" | "well", string>>;

function coloursOf(box: HTMLElement): Colours {
  const style = getComputedStyle(box);
  const names = ["text", "line", "accent", "band", "person", "sick", "work", "rest", "well"] as const;
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}

function rateOptions(drawing: Drawing, width: number, colours: Colours): uPlot.Options {
  const hidden = { stroke: "transparent", points: { show: false } };
  return {
    ...common(width),
    title: "Success rate, rolling hour",
    scales: { x: spanOf(drawing), y: { range: [0, 1] } },
    axes: [timeAxis(colours), { ...axis(colours), size: 64, values: (_, values) => values.map((value) => `${Math.round(100 * value)} %`) }],
    series: [
      {},
      { ...hidden, label: "low" },
      { ...hidden, label: "high" },
      { label: "rate", stroke: colours.accent, width: 2, points: { show: false } },
    ],
    bands: [{ series: [2, 1], fill: colours.band }],
    hooks: { draw: [(chart) => drawThreshold(chart, drawing.threshold, colours), (chart) => drawMarks(chart, drawing.happened, colours)] },
  };
}

function memoryOptions(drawing: Drawing, width: number, colours: Colours): uPlot.Options {
  return {
    ...common(width),
    title: "Memory",
    scales: { x: spanOf(drawing), y: { range: (_, __, max) => [0, max * 1.15] } },
    axes: [
      timeAxis(colours),
      { ...axis(colours), size: 64, incrs: BYTE_STEPS, values: (_, values) => values.map((value) => bytesText(value)) },
    ],
    series: [{}, { label: "memory", stroke: colours.accent, width: 2, points: { show: false } }],
    hooks: { draw: [(chart) => drawMarks(chart, drawing.happened, colours)] },
  };
}

function common(width: number) {
  return { width, height: HEIGHT, cursor: { sync: { key: "healer" } }, legend: { show: false } };
}

/** No emptier than it has to be where healer has watched for less than the span. */
function spanOf({ curve, spanMs }: Drawing): uPlot.Scale {
  const toS = Date.now() / 1000;
  const fromS = Math.max(toS - spanMs / 1000, (curve.at[0] ?? 0) - curve.step_s);
  return { time: true, range: () => [fromS, toS] };
}

function axis(colours: Colours): uPlot.Axis {
  return { stroke: colours.text, grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line } };
}

function timeAxis(colours: Colours): uPlot.Axis {
  const clock = (seconds: number): string => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return { ...axis(colours), values: (_, values) => values.map(clock) };
}

function drawThreshold(chart: uPlot, threshold: number, colours: Colours): void {
  const { ctx, bbox } = chart;
  const y = chart.valToPos(threshold, "y", true);
  ctx.save();
  ctx.strokeStyle = colours.sick;
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** A line for each thing that happened, with the shape its kind has everywhere. */
function drawMarks(chart: uPlot, happened: readonly LogLine[], colours: Colours): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.font = MARK_FONT;
  ctx.textAlign = "center";
  for (const line of happened) {
    const x = chart.valToPos(Date.parse(line.ts) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const tone = toneOfLine(line);
    ctx.strokeStyle = ctx.fillStyle = colours[tone];
    ctx.globalAlpha = 0.45;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + 14);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillText(SHAPES[tone], x, bbox.top + 11);
  }
  ctx.restore();
}
