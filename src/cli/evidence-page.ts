import { plural } from "../core/words.ts";
import type { WorkerVitals } from "../core/worker-row.ts";
import type { Evidence } from "../record/evidence.ts";
import { plain } from "./terminal.ts";
import { bytesText, wrap } from "./text-layout.ts";

/** `healer log --evidence ID`: what was seen of a worker right before healer ended its process, for a person. */
export function evidencePage(evidence: Evidence, columns: number): string {
  return [
    plain(`${evidence.heal_id}: ${evidence.target} at ${evidence.at}, right before it was ended`),
    ...field("why", `${evidence.why}; action: ${evidence.action}`, columns),
    ...rowLines(evidence, columns),
    ...processLines(evidence, columns),
    ...logLines(evidence),
  ].join("\n");
}

function rowLines({ row, report, vitals, at, running_tasks }: Evidence, columns: number): readonly string[] {
  const { pid, status, restarts, mode, started_at, memory_bytes } = row;
  const since = typeof started_at === "number" ? `since ${new Date(started_at).toISOString()}` : "not running";
  const memory = typeof memory_bytes === "number" ? `, memory ${bytesText(memory_bytes)} as PM2 saw it` : "";
  const told = `pid ${String(pid)}, ${String(mode)}, ${String(status)} ${since}, ${String(restarts)} restarts${memory}`;
  const reported = report === null ? [] : field("reported", JSON.stringify(report), columns);
  const figures = vitals == null ? [] : field("Node", vitalsText(vitals, Date.parse(at)), columns);
  return [...field("PM2", told, columns), ...field("tasks", `${running_tasks} in hand`, columns), ...reported, ...figures];
}

/** "heap 480.1 of 512 MiB (94 %), event loop latency 3 ms (p95 12 ms), 12 handles, 0 requests, as PM2 had it 4 s before" */
function vitalsText(vitals: WorkerVitals, atMs: number): string {
  const { heapUsedMib: used, heapTotalMib: total, loopLatencyMs: latency, loopLatencyP95Ms: p95, handles, requests } = vitals;
  const share = used === null || total === null || total === 0 ? "" : ` of ${short(total)} MiB (${Math.round((used / total) * 100)} %)`;
  const heap = used === null ? [] : [`heap ${short(used)}${share === "" ? " MiB" : share}`];
  const loop = latency === null ? [] : [`event loop latency ${short(latency)} ms${p95 === null ? "" : ` (p95 ${short(p95)} ms)`}`];
  const counts = [...(handles === null ? [] : [plural(handles, "handle")]), ...(requests === null ? [] : [plural(requests, "request")])];
  return `${[...heap, ...loop, ...counts].join(", ")}, as PM2 had it ${Math.round((atMs - vitals.readWallMs) / 1000)} s before`;
}

function short(value: number): string {
  return String(Number(value.toFixed(1)));
}

function processLines({ process, tree }: Evidence, columns: number): readonly string[] {
  if (process === null) return field("process", "had ended already, or cannot be seen here", columns);
  const status = Object.entries(process.status).map(([name, value]) => `${name} ${value}`);
  const waits = process.waitsIn === null ? [] : [`waits in ${process.waitsIn}`];
  const { openFiles } = process;
  const open = openFiles === null ? [] : [`${openFiles.count} open of ${openFiles.limit ?? "any number"}`];
  return [
    ...field("process", [...status, ...waits].join(", "), columns),
    ...tree.flatMap(({ pid, command }, index) => field(index === 0 ? "tree" : "", `${pid} ${command}`, columns)),
    ...field("files", [...open, ...process.files].join(", "), columns),
  ];
}

function logLines({ logs }: Evidence): readonly string[] {
  return logs.flatMap(({ path, lines, error }) => [
    "",
    plain(`${path}${error === null ? (lines.length === 0 ? " is empty" : "") : `: ${error}`}`),
    ...lines.map((line) => plain(`  ${line}`)),
  ]);
}

function field(name: string, text: string, columns: number): readonly string[] {
  return wrap(plain(text), columns, `  ${name.padEnd(9)} `, " ".repeat(12));
}
