import type { Explanation } from "../core/explain.ts";
import { maskedWords } from "../core/masked-words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Files } from "../world/files/files.ts";
import { printableText } from "../world/processes/printable-text.ts";
import type { ProcessEvidence } from "../world/processes/process-evidence.ts";
import { readLogTails, type LogTail } from "./log-tails.ts";
import type { Processes } from "../world/processes/processes.ts";

/** What was seen of a worker right before healer ended its process. */
export interface Evidence {
  readonly v: 1;
  readonly heal_id: string;
  readonly target: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly took_ms: number;
  readonly row: Readonly<Record<string, unknown>>;
  /** Why healer acts, in a sentence with the numbers, and what it does. */
  readonly why: string;
  readonly action: string;
  /** Every rule and guard as they are after that decision: with a heal a rule's evidence begins anew. */
  readonly explain: Explanation;
  /** null = it had ended already, or the platform does not tell. */
  readonly process: ProcessEvidence | null;
  readonly tree: readonly { readonly pid: number; readonly command: string }[];
  /** What the worker itself reported last (the SDK); null = nothing. */
  readonly report: WorkerRow["report"];
  /** What PM2's agent in it told: of a process that has come to a halt, before it did. null = nothing; an older healer wrote none. */
  readonly vitals?: WorkerRow["vitals"];
  readonly running_tasks: number;
  readonly logs: readonly LogTail[];
}

export interface EvidenceOrder {
  readonly healId: string;
  readonly target: string;
  readonly row: WorkerRow;
  readonly why: string;
  readonly action: string;
  readonly explain: Explanation;
  readonly runningTasks: number;
  readonly wallMs: number;
}

const TREE_MAX = 30;
const COMMAND_MAX = 300;
const FILES_MAX = 200;
const HEAL_ID = /^[\w-]{1,80}$/;

export interface EvidenceKeeper {
  /** Looks, and writes down what it sees, within half a second; a failure is told and stops nothing. */
  keep(order: EvidenceOrder): Promise<void>;
}

/**
 * Keeps what was seen of a worker before each heal, in `evidence/HEAL_ID.jsonl`, a line a worker; of the newest 200 heals. The
 * files hold lines of the worker's log, so that they are healer's user's alone.
 */
export function openEvidence(
  parts: { readonly files: Files; readonly processes: Processes; readonly dir: string },
  tell: (trouble: string) => void,
): EvidenceKeeper {
  return {
    async keep(order) {
      const startedAt = performance.now();
      const logs = await readLogTails(order.row);
      const took = Math.round(performance.now() - startedAt);
      const trouble = write(parts, evidenceOf(order, parts.processes, logs, took));
      if (trouble !== null) tell(`evidence of ${order.healId} could not be kept: ${trouble}`);
    },
  };
}

function evidenceOf(order: EvidenceOrder, processes: Processes, logs: readonly LogTail[], tookMs: number): Evidence {
  const { row, healId, target, why, action, explain, runningTasks, wallMs } = order;
  const { pid } = row;
  const tree = pid === null ? [] : processes.snapshot().tree(pid).slice(0, TREE_MAX);
  const { pmId, name, instance, status, restarts, startedWallMs, memoryBytes, mode } = row;
  return {
    v: 1,
    heal_id: healId,
    target,
    at: new Date(wallMs).toISOString(),
    took_ms: tookMs,
    ...{ why, action },
    row: { pm_id: pmId, name, instance, pid, status, mode, restarts, started_at: startedWallMs, memory_bytes: memoryBytes },
    explain,
    process: pid === null ? null : processes.evidence(pid),
    tree: tree.map((each) => ({ pid: each.pid, command: commandOf(processes, each.pid) })),
    report: row.report,
    vitals: row.vitals,
    running_tasks: runningTasks,
    logs,
  };
}

function commandOf(processes: Processes, pid: number): string {
  const brief = processes.brief(pid);
  return brief === null ? "ended meanwhile" : printableText(maskedWords(brief.argv).join(" ").trim() || brief.name, COMMAND_MAX);
}

/** null = it is written. */
function write({ files, dir }: { readonly files: Files; readonly dir: string }, evidence: Evidence): string | null {
  if (!HEAL_ID.test(evidence.heal_id)) return "its name is no name of a file";
  const made = files.makeDir(dir);
  if (!made.ok) return made.error.message;
  const file = files.openAppend(`${dir}/${evidence.heal_id}.jsonl`, "any");
  if (!file.ok) return file.error.message;
  const written = file.value.write(Buffer.from(`${JSON.stringify(evidence)}\n`));
  file.value.close();
  tidy(files, dir);
  return written.ok ? null : written.error.message;
}

/** Heal ids begin with their time: the first in order are the oldest. */
function tidy(files: Files, dir: string): void {
  const names = files.list(dir);
  if (!names.ok) return;
  const kept = names.value.filter((name) => name.endsWith(".jsonl"));
  for (const name of kept.slice(0, Math.max(0, kept.length - FILES_MAX))) files.remove(`${dir}/${name}`);
}
