import { keptFigures } from "../evidence/kept.ts";
import { boundTasks, RULES, type VolumeFigures } from "../evidence/table.ts";
import { COLORS, drawPage, type Panel, type Series } from "./svg.ts";

const COLOR_OF = [COLORS.blue, COLORS.orange, COLORS.grey, COLORS.yellow, COLORS.green, COLORS.purple, COLORS.black];
const NOTES = [
  "Measured with src/rules/success-rate.ts itself by bench/success-rate-table.ts, fixed seeds, asked every 2 s; required rate 70 %. Nothing seen is drawn at the lowest line.",
  "Dashed: h / KL tasks, which no test with one false alarm in ten worker-days can beat, and the 60 s that the two rules called healer's and the specification's wait on purpose.",
];

/** False heals against delay, a panel a volume: left and low is better. */
export function drawPareto(): string {
  return drawPage({
    title: "False heals against delay",
    subtitle:
      "A worker at exactly the required 70 % (should never be healed), and the median time to heal a clean one that collapses from 97 to 20 %",
    panels: keptFigures().map((figures) => paretoPanel(figures, ".70")),
    notes: NOTES,
    panelWidth: 380,
    panelHeight: 320,
  });
}

/** The same for a worker at 90 % whose failures come five in a row. */
export function drawBursts(): string {
  return drawPage({
    title: "Workers whose failures come in bursts",
    subtitle:
      "A worker at 90 %, five failures in a row on average (should never be healed), and the median time to heal a clean one that collapses from 97 to 20 %",
    panels: keptFigures().map((figures) => paretoPanel(figures, "bursts .90")),
    notes: NOTES,
    panelWidth: 380,
    panelHeight: 320,
  });
}

const LEAST = 0.005; // where a rule without a single false heal is drawn

function paretoPanel(figures: VolumeFigures, stream: string): Panel {
  const secondsATask = 86_400 / figures.perDay;
  const bound = boundTasks(figures.h, 0.2) * secondsATask;
  const points = RULES.map(({ name }, index): Series => {
    const falseHeals = figures.falseHeals.find((row) => row.rule === name && row.stream === stream);
    const delay = figures.delays.find((row) => row.rule === name && row.ratePercent === 20);
    const rate = falseHeals === undefined ? 0 : falseHeals.heals / falseHeals.days;
    const marker = index === 0 ? "square" : index === 1 ? "ring" : "dot";
    return {
      name,
      color: COLOR_OF[index] ?? COLORS.grey,
      kind: "points",
      marker,
      points: [{ x: delay?.medianSeconds ?? Infinity, y: Math.max(LEAST, rate) }],
    };
  });
  return {
    title: figures.volume,
    x: { label: "median seconds from the collapse to the heal", scale: "log", from: 1, to: 10_000 },
    y: { label: "false heals a worker-day", scale: "log", from: LEAST, to: 500, ticks: [[LEAST, "0"], 0.01, 0.1, 1, 10, 100] },
    series: [
      vertical("bound", bound, COLORS.grey),
      vertical("bound and the minute of sustain", bound + 60, COLORS.sky),
      {
        name: "budget: 0.1 a worker-day",
        color: COLORS.purple,
        kind: "line",
        dashed: true,
        points: [1, 10_000].map((x) => ({ x, y: 0.1 })),
      },
      ...points,
    ],
  };
}

function vertical(name: string, x: number, color: string): Series {
  return { name, color, kind: "line", dashed: true, points: [LEAST, 500].map((y) => ({ x, y })) };
}
