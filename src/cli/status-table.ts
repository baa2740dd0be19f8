import type { RestartCause } from "../core/restart-ledger.ts";
import type { TargetStatus } from "../core/status.ts";
import { inWords, stamp } from "../core/words.ts";
import { restartsText } from "./restarts-text.ts";
import { lastHealText, rateText, shortWords, stateWord } from "./status-words.ts";
import { paint, plain, type Style, type Terminal } from "./terminal.ts";
import { bytesText, padTo, widthOf, wrap } from "./text-layout.ts";

export interface TableView {
  readonly terminal: Pick<Terminal, "columns" | "colour">;
  readonly nowWallMs: number;
  /** The daemon's mode; a target that differs says so. */
  readonly mode: string;
}

interface Column {
  readonly title: string;
  /** Only shown where the screen has so many columns. */
  readonly fromColumns: number;
  readonly cell: (target: TargetStatus, view: TableView) => string;
}

const GAP = "  ";
const LATELY_MS = 3_600_000; // what an earlier restart was for: healer explain
/** A deploy of fifty workers is to be no fifty lines more. */
const MEANT: readonly RestartCause[] = ["operator", "healer", "cron", "daemon"];
const NAME_SHARE_MAX = 0.35; // of the line; a longer name takes a line of its own instead of being cut

const COLUMNS: readonly Column[] = [
  { title: "STATE", fromColumns: 0, cell: (target) => plain(stateWord(target).word) },
  { title: "SUCCESS, LAST HOUR", fromColumns: 0, cell: (target) => rateText(target.success.hour) },
  { title: "LAST 24 H", fromColumns: 110, cell: (target) => rateText(target.success.day) },
  { title: "MIN", fromColumns: 0, cell: (target) => `${Math.round(target.threshold * 100)} %` },
  { title: "UP", fromColumns: 130, cell: (target) => (target.uptime_ms === null ? "" : shortWords(target.uptime_ms)) },
  { title: "MEMORY", fromColumns: 130, cell: (target) => (target.memory_bytes === null ? "" : bytesText(target.memory_bytes)) },
  { title: "LAST HEAL", fromColumns: 0, cell: (target, view) => lastHealText(target.last_heal, view.nowWallMs) },
];

/** Groups with their workers below them; under each row that is not well, why and what it waits for. */
export function statusTable(targets: readonly TargetStatus[], view: TableView): readonly string[] {
  const rows = grouped(targets);
  const columns = COLUMNS.filter(({ fromColumns }) => view.terminal.columns >= fromColumns);
  const nameMax = Math.max(12, Math.floor(view.terminal.columns * NAME_SHARE_MAX));
  const nameWidth = Math.max(6, ...rows.map(({ name }) => widthOf(name)).filter((width) => width <= nameMax));
  const widths = columns.map(({ title, cell }) => Math.max(widthOf(title), ...rows.map(({ target }) => widthOf(cell(target, view)))));
  const header = [padTo("TARGET", nameWidth), ...columns.map(({ title }, index) => padTo(title, widths[index] ?? 0))].join(GAP).trimEnd();
  return [
    paint(view.terminal, "bold", header),
    ...rows.flatMap((row) => {
      const cells = columns.map(({ title, cell }, index) => {
        const text = padTo(cell(row.target, view), widths[index] ?? 0);
        return title === "STATE" ? paint(view.terminal, stateWord(row.target).style, text) : text;
      });
      const fits = widthOf(row.name) <= nameWidth;
      const line = [padTo(fits ? row.name : "", nameWidth), ...cells].join(GAP).trimEnd();
      return [...(fits ? [] : [row.name]), line, ...detailLines(row, view)];
    }),
  ];
}

interface Row {
  readonly target: TargetStatus;
  /** The id of a group; `  :0` for a worker below its group. */
  readonly name: string;
}

/** In the daemon's order, each worker under its group where the group is known. */
function grouped(targets: readonly TargetStatus[]): readonly Row[] {
  const groups = new Set(targets.filter(({ kind }) => kind === "group").map(({ id }) => id));
  const groupOf = ({ id, kind }: TargetStatus): string | null => {
    const app = id.slice(0, Math.max(0, id.lastIndexOf(":")));
    return kind === "worker" && groups.has(app) ? app : null;
  };
  const alone = targets.filter((target) => groupOf(target) === null);
  return alone.flatMap((target) => {
    const workers = target.kind === "group" ? targets.filter((worker) => groupOf(worker) === target.id) : [];
    return [
      { target, name: plain(target.id) },
      ...workers.map((worker) => ({ target: worker, name: `  ${plain(worker.id.slice(target.id.length))}` })),
    ];
  });
}

const SAY_WAIT_THEMSELVES = ["open", "backoff", "held"];

function detailLines({ target, name }: Row, view: TableView): readonly string[] {
  const details: [Style | null, string][] = [];
  if (target.phase !== "healthy") details.push([stateWord(target).style, target.state]);
  if (target.incident !== null) details.push(["red", `incident (${target.incident}${suspectText(target)})`]);
  if (target.symptom !== null) details.push([null, target.symptom]);
  if (target.paused !== null) details.push([null, target.paused]);
  else if (target.waits_for !== null && !SAY_WAIT_THEMSELVES.includes(target.phase)) details.push([null, `waits: ${target.waits_for}`]);
  if (target.streak > 0) details.push([null, `${target.streak} of ${target.streak_max} heals in a row did not help`]);
  const restarts = isLately(target) ? restartsText(target.restart_causes) : null;
  if (restarts !== null) details.push(["dim", restarts]);
  if (target.mode !== view.mode && !name.startsWith(" ")) details.push([null, `mode ${target.mode} for this strategy${shadowEnd(target)}`]);
  return details.flatMap(([style, text]) =>
    wrap(plain(text), view.terminal.columns, "      - ", "        ").map((line) => paint(view.terminal, style, line)),
  );
}

function isLately({ restart_causes: restarts }: TargetStatus): boolean {
  return restarts?.last != null && restarts.last.age_ms < LATELY_MS && !MEANT.includes(restarts.last.cause);
}

function suspectText({ incident_suspect: suspect }: TargetStatus): string {
  if (suspect === null) return "";
  return suspect === "unknown" ? "; cause unknown" : `; suspect: ${suspect}`;
}

function shadowEnd({ shadow_until }: TargetStatus): string {
  return shadow_until === null ? "" : `, until ${stamp(Date.parse(shadow_until))}`;
}

/** "for 2 m 30 s", of a sensor that cannot see. */
export function forText(durationMs: number): string {
  return `for ${inWords(durationMs)}`;
}
