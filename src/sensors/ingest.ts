import { z } from "zod";
import type { Observation, TargetId } from "../core/observation.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import type { WatchedWorker } from "./sensor.ts";

/** What workers themselves report, until the next turn takes it: `POST /api/outcomes` and `POST /api/heartbeat`. */
export interface Ingest {
  /** An unvalidated body in; an error that says where and what was expected, or which workers there are. */
  accept(
    kind: IngestKind,
    body: unknown,
    now: { readonly atMs: number; readonly workers: readonly WatchedWorker[] },
  ): Outcome<null, string>;
  drain(): readonly Observation[];
}

export type IngestKind = "outcomes" | "heartbeat";

const MESSAGES_MAX = 10_000; // between two turns; a worker reports once a second, so this is thousands of workers
const TASKS_MAX = 100_000; // in one message
const CANDIDATES_SHOWN = 8;
const WORKER_EXPECTED = "expected app:INSTANCE, app#PM_ID, the name of an app with one worker, or a pid";
const COUNT_EXPECTED = `expected a whole number from 0 to ${TASKS_MAX}`;

const WorkerField = z.union([z.string().min(1).max(200), z.int().positive()], WORKER_EXPECTED);
const Count = z.int(COUNT_EXPECTED).min(0, COUNT_EXPECTED).max(TASKS_MAX, COUNT_EXPECTED);

/** `type` and `ms` (of one task) are checked and not used yet. */
export const OutcomesBody = z
  .strictObject({
    worker: WorkerField,
    ok: Count.default(0),
    failed: Count.default(0),
    type: z.string().max(100).optional(),
    ms: z.number().min(0).optional(),
  })
  .refine(({ ok, failed }) => ok + failed > 0, "expected at least one finished task in ok or failed");

export const HeartbeatBody = z.strictObject({ worker: WorkerField });

export function createIngest(): Ingest {
  let inbox: Observation[] = [];
  return {
    accept(kind, body, { atMs, workers }) {
      const report = kind === "outcomes" ? OutcomesBody.safeParse(body) : HeartbeatBody.safeParse(body);
      if (!report.success) return failure(sayIssues(report.error));
      const found = findWorker(String(report.data.worker), workers);
      if (!found.ok) return found;
      if (inbox.length >= MESSAGES_MAX)
        return failure(`more than ${MESSAGES_MAX} messages between two turns; send fewer, with larger counts`);
      inbox.push(observationOf(report.data, found.value.id, atMs));
      return success(null);
    },
    drain() {
      const observations = inbox;
      inbox = [];
      return observations;
    },
  };
}

function observationOf(report: z.infer<typeof OutcomesBody> | z.infer<typeof HeartbeatBody>, target: TargetId, atMs: number): Observation {
  return "ok" in report ? { kind: "tasks", target, atMs, ok: report.ok, failed: report.failed } : { kind: "heartbeat", target, atMs };
}

/** What a worker knows of itself: its id, `app#PM_ID`, its PM2 name where no other has it, or its pid. */
export function findWorker(text: string, workers: readonly WatchedWorker[]): Outcome<WatchedWorker, string> {
  const exact = workers.find(({ id }) => id === text);
  if (exact !== undefined) return success(exact);
  const found = workers.filter((worker) => namesOf(worker).includes(text));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return success(first);
  if (first !== undefined) return failure(`worker: "${text}" is ambiguous: ${listed(found)}`);
  const near = workers.filter(({ row }) => text.startsWith(row.name) || row.name.startsWith(text));
  return failure(
    `worker: no watched worker is "${text}"; ${near.length > 0 ? `did you mean ${listed(near)}?` : `there are ${listed(workers)}`}`,
  );
}

function namesOf({ id, group, row }: WatchedWorker): readonly string[] {
  const local = id.slice(id.indexOf("/") + 1); // the namespace may be left out
  const byPmId = [`${group}#${row.pmId}`, `${row.name}#${row.pmId}`];
  return [id, local, group, row.name, ...byPmId, ...(row.pid === null ? [] : [String(row.pid)])];
}

function sayIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; ");
}

function listed(workers: readonly WatchedWorker[]): string {
  if (workers.length === 0) return "none";
  const more = workers.length - CANDIDATES_SHOWN;
  const ids = workers.slice(0, CANDIDATES_SHOWN).map(({ id }) => id);
  return ids.join(", ") + (more > 0 ? `, and ${more} more` : "");
}
