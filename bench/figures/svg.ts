/**
 * A small writer of charts as SVG, for docs/figures: panels side by side, axes linear or logarithmic, lines, points with
 * labels and ranges, bars, a legend. Light background, colours that colour-blind readers tell apart, numbers rounded, so that
 * the same data give the same bytes.
 */

export interface Axis {
  readonly label: string;
  readonly scale: "linear" | "log";
  readonly from: number;
  readonly to: number;
  /** Where a tick stands, and what it says (the number itself, if nothing else). Left out: round numbers, or powers of ten. */
  readonly ticks?: readonly (number | readonly [number, string])[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label?: string;
  /** Side of the point on which the label stands. */
  readonly side?: Side;
  /** A vertical range, such as an interval. */
  readonly low?: number;
  readonly high?: number;
}

export type Side = "right" | "left" | "above" | "below";

export interface Series {
  /** Name in the legend; series of one name share an entry, an empty name has none. */
  readonly name: string;
  readonly color: string;
  /** `bars` stand on the bottom of the panel and are `barWidth` of the x axis wide. */
  readonly kind: "line" | "points" | "steps" | "bars";
  readonly points: readonly Point[];
  readonly dashed?: boolean;
  readonly marker?: "dot" | "ring" | "square" | "cross";
  readonly barWidth?: number;
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Page {
  readonly title: string;
  readonly subtitle: string;
  /** From left to right. */
  readonly panels: readonly Panel[];
  /** Lines of small print below: what was measured, with which seeds. */
  readonly notes: readonly string[];
  readonly panelWidth?: number;
  readonly panelHeight?: number;
}

/** Okabe and Ito's palette. */
export const COLORS = {
  black: "#1a1a1a",
  grey: "#8a8a8a",
  blue: "#0072b2",
  orange: "#d55e00",
  green: "#009e73",
  yellow: "#b58900",
  purple: "#cc79a7",
  sky: "#56b4e9",
} as const;

const MARGIN = { left: 64, right: 20, top: 26, bottom: 44 };
const HEAD = 64;
const LEGEND_LINE = 20;
const NOTE_LINE = 16;
const FONT = 'font-family="Helvetica, Arial, sans-serif"';

export function drawPage(page: Page): string {
  const size = { width: page.panelWidth ?? 340, height: page.panelHeight ?? 300 };
  const width = Math.max(480, page.panels.length * size.width + 20);
  const legend = legendRows(page.panels, width);
  const top = HEAD + legend.length * LEGEND_LINE;
  const height = top + size.height + 14 + page.notes.length * NOTE_LINE;
  const body = [
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text({ x: 20, y: 28, size: 17, bold: true }, page.title),
    text({ x: 20, y: 48, size: 12.5, color: "#555555" }, page.subtitle),
    ...legend.flatMap((row, index) => drawLegendRow(row, HEAD + index * LEGEND_LINE + 6)),
    ...page.panels.map((panel, index) => `<g transform="translate(${10 + index * size.width},${top})">${drawPanel(panel, size)}</g>`),
    ...page.notes.map((note, index) => text({ x: 20, y: top + size.height + 12 + index * NOTE_LINE, size: 11, color: "#555555" }, note)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${FONT}>\n${body.join("\n")}\n</svg>\n`;
}

interface Place {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function drawPanel(panel: Panel, size: { readonly width: number; readonly height: number }): string {
  const box = { left: MARGIN.left, right: size.width - MARGIN.right, top: MARGIN.top, bottom: size.height - MARGIN.bottom };
  const place: Place = { ...box, x: scaleOf(panel.x, box.left, box.right), y: scaleOf(panel.y, box.bottom, box.top) };
  const middle = (box.left + box.right) / 2;
  const upright = { x: 0, y: 0, size: 12, anchor: "middle", color: "#333333" } as const;
  return [
    text({ x: middle, y: 16, size: 13, bold: true, anchor: "middle" }, panel.title),
    ...ticksOf(panel.x).map(([at, label]) => xTick(place, at, label)),
    ...ticksOf(panel.y).map(([at, label]) => yTick(place, at, label)),
    `<rect x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}" fill="none" stroke="#333333"/>`,
    text({ x: middle, y: size.height - 8, size: 12, anchor: "middle", color: "#333333" }, panel.x.label),
    `<g transform="translate(14,${(box.top + box.bottom) / 2}) rotate(-90)">${text(upright, panel.y.label)}</g>`,
    ...panel.series.map((series) => drawSeries(series, place)),
  ].join("\n");
}

/** Values beyond an axis are drawn on its end: a figure hides nothing. */
function scaleOf(axis: Axis, start: number, end: number): (value: number) => number {
  const at = (value: number): number => (axis.scale === "log" ? Math.log10(Math.max(value, Number.MIN_VALUE)) : value);
  const [from, to] = [at(axis.from), at(axis.to)];
  return (value) => round(start + (end - start) * Math.min(1, Math.max(0, (at(value) - from) / (to - from))));
}

function ticksOf(axis: Axis): readonly (readonly [number, string])[] {
  if (axis.ticks !== undefined) return axis.ticks.map((tick) => (typeof tick === "number" ? ([tick, sayNumber(tick)] as const) : tick));
  const ticks: [number, string][] = [];
  if (axis.scale === "log") {
    const last = Math.floor(Math.log10(axis.to) + 1e-9);
    for (let power = Math.ceil(Math.log10(axis.from) - 1e-9); power <= last; power++) ticks.push([10 ** power, sayNumber(10 ** power)]);
    return ticks;
  }
  const rough = (axis.to - axis.from) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10);
  for (let at = Math.ceil(axis.from / step) * step; at <= axis.to + step / 1e6; at += step) ticks.push([at, sayNumber(at)]);
  return ticks;
}

function xTick(place: Place, at: number, label: string): string {
  const x = place.x(at);
  const line = `<line x1="${x}" y1="${place.top}" x2="${x}" y2="${place.bottom}" stroke="#e6e6e6"/>`;
  return line + text({ x, y: place.bottom + 16, size: 11, anchor: "middle", color: "#333333" }, label);
}

function yTick(place: Place, at: number, label: string): string {
  const y = place.y(at);
  const line = `<line x1="${place.left}" y1="${y}" x2="${place.right}" y2="${y}" stroke="#e6e6e6"/>`;
  return line + text({ x: place.left - 6, y: y + 4, size: 11, anchor: "end", color: "#333333" }, label);
}

function drawSeries(series: Series, place: Place): string {
  const { points, color } = series;
  const dash = series.dashed === true ? ' stroke-dasharray="6 4"' : "";
  if (series.kind === "line" || series.kind === "steps") {
    const path = points.map((point, index) => pathTo(point, { place, first: index === 0, steps: series.kind === "steps" })).join("");
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="2"${dash}/>${points.map((point) => labelOf(point, place, color)).join("")}`;
  }
  const shapes =
    series.kind === "bars" ? points.map((point) => bar(point, series, place)) : points.map((point) => mark(point, series, place));
  return shapes.join("") + points.map((point) => labelOf(point, place, color)).join("");
}

function pathTo(point: Point, how: { place: Place; first: boolean; steps: boolean }): string {
  const [x, y] = [how.place.x(point.x), how.place.y(point.y)];
  if (how.first) return `M${x} ${y}`;
  return how.steps ? `H${x}V${y}` : `L${x} ${y}`;
}

function bar(point: Point, series: Series, place: Place): string {
  const half = (series.barWidth ?? 1) / 2;
  const [left, right, y] = [place.x(point.x - half), place.x(point.x + half), place.y(point.y)];
  return `<rect x="${left}" y="${y}" width="${round(right - left)}" height="${round(place.bottom - y)}" fill="${series.color}"/>`;
}

function mark(point: Point, series: Series, place: Place): string {
  const range =
    point.low === undefined || point.high === undefined
      ? ""
      : `<line x1="${place.x(point.x)}" y1="${place.y(point.low)}" x2="${place.x(point.x)}" y2="${place.y(point.high)}" stroke="${series.color}" stroke-width="1.5"/>`;
  return range + markerAt(place.x(point.x), place.y(point.y), series);
}

function markerAt(x: number, y: number, { marker, color }: Pick<Series, "marker" | "color">): string {
  switch (marker) {
    case "ring":
      return `<circle cx="${x}" cy="${y}" r="4.5" fill="#ffffff" stroke="${color}" stroke-width="2"/>`;
    case "square":
      return `<rect x="${round(x - 4.5)}" y="${round(y - 4.5)}" width="9" height="9" fill="${color}"/>`;
    case "cross":
      return `<path d="M${round(x - 4)} ${round(y - 4)}l8 8m0 -8l-8 8" stroke="${color}" stroke-width="2.5" fill="none"/>`;
    default:
      return `<circle cx="${x}" cy="${y}" r="4.5" fill="${color}"/>`;
  }
}

const LABEL_OFFSETS: Readonly<Record<Side, { dx: number; dy: number; anchor: "start" | "middle" | "end" }>> = {
  right: { dx: 8, dy: 4, anchor: "start" },
  left: { dx: -8, dy: 4, anchor: "end" },
  above: { dx: 0, dy: -9, anchor: "middle" },
  below: { dx: 0, dy: 17, anchor: "middle" },
};

function labelOf(point: Point, place: Place, color: string): string {
  if (point.label === undefined) return "";
  const { dx, dy, anchor } = LABEL_OFFSETS[point.side ?? "right"];
  return text({ x: place.x(point.x) + dx, y: place.y(point.y) + dy, size: 11, anchor, color }, point.label);
}

type Entry = Series & { readonly x: number };

function legendRows(panels: readonly Panel[], width: number): readonly (readonly Entry[])[] {
  const named = new Map<string, Series>();
  for (const series of panels.flatMap((panel) => panel.series))
    if (series.name !== "" && !named.has(series.name)) named.set(series.name, series);
  const rows: Entry[][] = [];
  let x = Infinity;
  for (const series of named.values()) {
    const length = 46 + series.name.length * 6.8;
    if (x + length > width) {
      rows.push([]);
      x = 20;
    }
    rows.at(-1)?.push({ ...series, x });
    x += length;
  }
  return rows;
}

function drawLegendRow(row: readonly Entry[], y: number): string[] {
  return row.map((entry) => {
    const dash = entry.dashed === true ? ' stroke-dasharray="6 4"' : "";
    const line = `<line x1="${round(entry.x)}" y1="${y}" x2="${round(entry.x + 22)}" y2="${y}" stroke="${entry.color}" stroke-width="2.5"${dash}/>`;
    const sign =
      entry.kind === "points"
        ? markerAt(round(entry.x + 11), y, entry)
        : entry.kind === "bars"
          ? `<rect x="${round(entry.x + 4)}" y="${y - 6}" width="14" height="12" fill="${entry.color}"/>`
          : line;
    return sign + text({ x: entry.x + 28, y: y + 4, size: 12, color: "#333333" }, entry.name);
  });
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly bold?: boolean;
  readonly anchor?: "start" | "middle" | "end";
  readonly color?: string;
}

function text(style: TextStyle, words: string): string {
  const weight = style.bold === true ? ' font-weight="bold"' : "";
  const anchor = style.anchor === undefined ? "" : ` text-anchor="${style.anchor}"`;
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text x="${round(style.x)}" y="${round(style.y)}" font-size="${style.size}" fill="${style.color ?? COLORS.black}"${weight}${anchor}>${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** 0.001, 0.5, 12, 1,000 or 20,000. */
function sayNumber(value: number): string {
  const rounded = Number(value.toPrecision(6));
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString("en-US") : String(rounded);
}
