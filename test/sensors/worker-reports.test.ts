import { describe, expect, test } from "vitest";
import type { WorkerReport, WorkerRow } from "../../src/core/worker-row.ts";
import { createWorkerReportsSensor, type WorkerReportsOptions } from "../../src/sensors/worker-reports.ts";
import { sensorContext, watchedWorker } from "../support/watched-worker.ts";

const START_WALL_MS = 1_700_000_000_000;

function report(ok: number, failed = 0, beats = 1, change: Partial<WorkerReport> = {}): WorkerReport {
  return { ok, failed, beats, loopDelayMs: 3, isClosed: false, ...change };
}

/** A sensor that is read once for every list, two seconds apart; each list as changes of one row, or several rows. */
function lookingAt(options: Partial<WorkerReportsOptions> = {}) {
  const context = sensorContext();
  const yes = (): boolean => true;
  const wallMs = (): number => START_WALL_MS + context.atMs;
  const sensor = createWorkerReportsSensor({
    ...{ tasksFor: yes, heartbeatFor: yes, loopDelayFor: yes, everyMs: 2000, wallMs },
    ...options,
  });
  const read = async () => {
    context.atMs += 2000;
    return sensor.read(context);
  };
  /** A new list with these rows; `startedS` on the context's clock. */
  const list = async (...rows: readonly (Partial<WorkerRow> & { readonly startedS?: number })[]) => {
    context.workers = rows.map(({ startedS = 0, ...part }) =>
      watchedWorker({ startedWallMs: START_WALL_MS + startedS * 1000, report: null, ...part }),
    );
    return read();
  };
  return { context, read, list };
}

async function kinds(reading: Promise<readonly { readonly kind: string }[]>): Promise<readonly string[]> {
  return (await reading).map(({ kind }) => kind);
}

describe("what a worker reports", () => {
  test("becomes its increments since the list before; the first report is a baseline", async () => {
    const { list } = lookingAt();
    expect(await kinds(list({ report: report(100, 10, 7) }))).toEqual(["silence"]);
    expect(await list({ report: report(103, 11, 8, { loopDelayMs: 12.5 }) })).toEqual([
      { kind: "tasks", target: "rpa:0", atMs: 1_004_000, ok: 3, failed: 1 },
      { kind: "heartbeat", target: "rpa:0", atMs: 1_004_000 },
      { kind: "loop-delay", target: "rpa:0", atMs: 1_004_000, delayMs: 12.5 },
    ]);
    expect(await list({ report: report(103, 11, 8) })).toEqual([{ kind: "silence", target: "rpa:0", atMs: 1_006_000, sinceMs: 1_002_000 }]);
  });

  test("counts from the start of a process that started since the look before, whether it replaced another or came alone", async () => {
    const { list } = lookingAt();
    await list({ report: report(100) });
    expect(await list({ pid: 5000, startedS: 1003, report: report(4, 2) }, { pmId: 9, instance: "1", pid: 5001, startedS: 1003, report: report(1) })) // prettier-ignore
      .toMatchObject([
        { kind: "tasks", target: "rpa:0", ok: 4, failed: 2 },
        { kind: "heartbeat", target: "rpa:0" },
        { kind: "loop-delay", target: "rpa:0" },
        { kind: "tasks", target: "rpa:1", ok: 1, failed: 0 },
        { kind: "heartbeat", target: "rpa:1" },
        { kind: "loop-delay", target: "rpa:1" },
      ]);
  });

  test("is a baseline for a process that ran before it was looked at: an edit may select it late", async () => {
    const { list } = lookingAt();
    await list({ report: report(100) });
    expect(await kinds(list({ report: report(100) }, { pmId: 9, instance: "1", pid: 5001, startedS: 900, report: report(70) }))).toEqual([
      "silence",
      "silence",
    ]);
    const later = await list({ report: report(100) }, { pmId: 9, instance: "1", pid: 5001, startedS: 900, report: report(72) });
    expect(later).toContainEqual(expect.objectContaining({ kind: "tasks", target: "rpa:1", ok: 2 }));
  });

  test("stays the process's own when its row gets another number: nothing is counted again", async () => {
    const { list } = lookingAt();
    await list({ pmId: 4, report: report(5) }, { pmId: 5, instance: "0~1", pid: 5001, report: report(700) });
    expect(await kinds(list({ pmId: 5, instance: "0", pid: 5001, report: report(700) }))).toEqual(["silence"]);
  });

  test("is not lost while a list shows no report of it", async () => {
    const { list } = lookingAt();
    await list({ report: report(100) });
    await list({ report: null });
    expect(await list({ report: report(103) })).toContainEqual(expect.objectContaining({ kind: "tasks", ok: 3 }));
  });

  test.each<[string, WorkerReport]>([
    ["its successes", report(50, 10, 7)],
    ["its failures", report(100, 3, 7)],
  ])("is a baseline again where %s went down", async (_what, lower) => {
    const { list } = lookingAt();
    await list({ report: report(100, 10, 7) });
    expect(await kinds(list({ report: lower }))).toEqual(["silence"]);
    expect(await list({ report: { ...lower, ok: lower.ok + 1 } })).toContainEqual(
      expect.objectContaining({ kind: "tasks", ok: 1, failed: 0 }),
    );
  });

  test("says nothing while PM2 is not listed: the same row is no news", async () => {
    const { list, read } = lookingAt();
    await list({ report: report(100) });
    for (let reading = 0; reading < 3; reading++) expect(await read()).toEqual([]);
  });

  test("begins its silence anew after a hole in healer's own looking", async () => {
    const { list, context } = lookingAt();
    await list({ report: report(100) });
    context.atMs += 13_000;
    expect(await list({ report: report(100) })).toMatchObject([{ kind: "silence", sinceMs: 1_002_000 }]);
    context.atMs += 14_000;
    expect(await list({ report: report(100) })).toMatchObject([{ kind: "silence", sinceMs: 1_033_000 }]);
  });

  test("and that it is closing: then nobody listens for its heartbeat", async () => {
    const { list } = lookingAt();
    await list({ report: report(100) });
    expect(await list({ report: report(100, 0, 1, { isClosed: true }) })).toEqual([]);
  });

  test("is taken only as far as a rule asks for it", async () => {
    const no = (): boolean => false;
    const { list } = lookingAt({ tasksFor: (strategy) => strategy !== "rpa", loopDelayFor: no });
    await list({ report: report(100) });
    expect(await kinds(list({ report: report(103, 0, 2) }))).toEqual(["heartbeat"]);
    const other = lookingAt({ heartbeatFor: no, loopDelayFor: no });
    await other.list({ report: report(100) });
    expect(await kinds(other.list({ report: report(103, 0, 2) }))).toEqual(["tasks"]);
    expect(await other.list({ report: null })).toEqual([]);
  });

  test("without a delay brings none, and a worker without a process is not looked at", async () => {
    const { list } = lookingAt();
    await list({ report: report(100) });
    expect(await kinds(list({ report: report(100, 0, 2, { loopDelayMs: null }) }))).toEqual(["heartbeat"]);
    expect(await list({ pid: null, status: "stopped", report: report(200, 0, 3) })).toEqual([]);
  });
});
