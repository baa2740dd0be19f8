import { describe, expect, test } from "vitest";
import { standingOf } from "../../src/cli/app-rows.ts";
import { ensureApp, type EnsureParts } from "../../src/cli/ensure-app.ts";
import { failure, success } from "../../src/core/outcome.ts";
import type { Pm2Status } from "../../src/core/worker-row.ts";
import { GONE, MemoryPm2 } from "../support/memory-pm2.ts";
import { workerRow } from "../support/worker-row.ts";

function ensuring(pm2: MemoryPm2, changes: Partial<EnsureParts> = {}) {
  return ensureApp({
    app: "rpa",
    pm2,
    whyNot: () => Promise.resolve(null),
    addToPm2: () => Promise.resolve(failure({ code: 2, text: "PM2 knows no app rpa" })),
    settleMs: 0,
    pollMs: 0,
    ...changes,
  });
}

/** What was done to PM2, without the looking. */
function deeds({ calls }: MemoryPm2): readonly string[] {
  return calls.filter((call) => call !== "list");
}

describe("how a row stands", () => {
  const cases: readonly [Pm2Status, number | null, ReturnType<typeof standingOf>][] = [
    ["online", 7, "runs"],
    ["online", null, "down"], // a ghost
    ["launching", null, "runs"],
    ["launching", 7, "runs"],
    ["waiting restart", 7, "runs"],
    ["waiting restart", null, "down"],
    ["stopping", 7, "passing"],
    ["stopped", 7, "passing"],
    ["stopped", null, "down"],
    ["errored", null, "down"],
    ["errored", 7, "down"],
    ["unknown", 7, "runs"],
    ["unknown", null, "down"],
  ];
  test.each(cases)("%s with pid %s: %s", (status, pid, standing) => {
    expect(standingOf(workerRow({ status, pid }))).toBe(standing);
  });
});

describe("an app of which something runs", () => {
  test("is left alone, and its pid is said", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { pid: 512 });
    pm2.rows.add("rpa", { instance: "1", status: "stopped", pid: null });
    pm2.rows.add("other", { status: "stopped", pid: null });
    expect(await ensuring(pm2)).toEqual(success({ started: [], running: [0], text: "rpa runs already (pm_id 0, pid 512)" }));
    expect(deeds(pm2)).toEqual([]);
  });

  test("also while it is launching or about to be restarted", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "launching" });
    pm2.rows.add("rpa", { status: "waiting restart" });
    expect(await ensuring(pm2)).toMatchObject({
      value: { running: [0, 1], text: "rpa runs already (pm_id 0, launching; pm_id 1, waiting restart)" },
    });
    expect(deeds(pm2)).toEqual([]);
  });

  test("also when that becomes true between the two looks", async () => {
    const pm2 = new MemoryPm2();
    const row = pm2.rows.add("rpa", { status: "stopped", pid: null });
    const outcome = await ensuring(pm2, {
      whyNot: () => {
        pm2.rows.start(row); // what a caller had sent before it was killed
        return Promise.resolve(null);
      },
    });
    expect(outcome).toMatchObject({ value: { started: [], running: [0] } });
    expect(deeds(pm2)).toEqual([]);
  });
});

describe("an app of which nothing runs", () => {
  test("is started row by row: what is stopped by start, anything else by restart", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "stopped", pid: null });
    pm2.rows.add("rpa", { status: "errored", pid: null });
    pm2.rows.add("rpa", { status: "online", pid: null });
    pm2.rows.add("rpa", { status: "waiting restart", pid: null });
    const outcome = await ensuring(pm2);
    expect(outcome).toMatchObject({ ok: true, value: { started: [0, 1, 2, 3], running: [0, 1, 2, 3] } });
    expect(outcome.ok && outcome.value.text).toMatch(/^started rpa \(pm_id 0, pid \d+; pm_id 1, pid \d+; /);
    expect(deeds(pm2)).toEqual(["start 0", "restart 1", "restart 2", "restart 3"]);
  });

  test("is waited for while it stops, and started then", async () => {
    const pm2 = new MemoryPm2();
    const row = pm2.rows.add("rpa", { status: "stopping" });
    const outcome = ensuring(pm2);
    setImmediate(() => pm2.rows.stop(row));
    expect(await outcome).toMatchObject({ ok: true, value: { started: [0] } });
    expect(deeds(pm2)).toEqual(["start 0"]);
  });

  test("is not started where there is a reason not to", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "stopped", pid: null });
    const asked: number[][] = [];
    const outcome = await ensuring(pm2, {
      whyNot: (rows) => {
        asked.push(rows.map(({ pmId }) => pmId));
        return Promise.resolve("healer keeps it stopped");
      },
    });
    expect([outcome, asked, deeds(pm2)]).toEqual([failure({ code: 4, text: "healer keeps it stopped" }), [[0]], []]);
  });

  test("is a failure with PM2's words when PM2 does not start it", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "stopped", pid: null });
    pm2.failures.push({ name: "start", error: { kind: "failed", message: "no such script" } });
    expect(await ensuring(pm2)).toEqual(failure({ code: 5, text: "PM2 did not start rpa: pm_id 0: no such script" }));
  });

  test("is a failure when it does not come up", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "stopped", pid: null });
    pm2.afterCommand = (_name, row) => pm2.rows.giveUp(row);
    const text = "PM2 was told to start rpa, and 0 s later pm_id 0 is errored; look with: pm2 logs 0";
    expect(await ensuring(pm2)).toEqual(failure({ code: 5, text }));
  });

  test("is a failure when somebody removes it meanwhile", async () => {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "stopped", pid: null });
    pm2.afterCommand = (_name, row) => pm2.rows.delete(row);
    expect(await ensuring(pm2)).toMatchObject({ error: { code: 5, text: "somebody removed rpa from PM2 while it was started" } });
  });
});

describe("an app that PM2 does not list", () => {
  test("is what was found elsewhere; rows that come in stopped are started", async () => {
    const pm2 = new MemoryPm2();
    const outcome = await ensuring(pm2, {
      addToPm2: async () => {
        await pm2.prepare({ name: "rpa" });
        await pm2.prepare({ name: "rpa", status: "stopped" });
        return success("/pm2/dump.pm2");
      },
    });
    expect(outcome).toMatchObject({
      ok: true,
      value: { started: [0, 1], text: expect.stringMatching(/from \/pm2\/dump\.pm2$/) as unknown },
    });
    expect(deeds(pm2)).toEqual(["prepare rpa", "prepare rpa", "start 1"]);
  });

  test("is a usage error when it is found nowhere", async () => {
    expect(await ensuring(new MemoryPm2())).toEqual(failure({ code: 2, text: "PM2 knows no app rpa" }));
  });

  test("is a failure when PM2 does not list it afterwards either", async () => {
    const outcome = await ensuring(new MemoryPm2(), { addToPm2: () => Promise.resolve(success("/srv/ecosystem.config.js")) });
    expect(outcome).toMatchObject({
      error: { code: 5, text: "PM2 was to start rpa from /srv/ecosystem.config.js, and lists no such app" },
    });
  });
});

describe("a name", () => {
  function twoNamespaces(): MemoryPm2 {
    const pm2 = new MemoryPm2();
    pm2.rows.add("rpa", { status: "stopped", pid: null });
    pm2.rows.add("rpa", { namespace: "blue", status: "stopped", pid: null });
    return pm2;
  }

  test("that stands for two apps is a usage error with the candidates", async () => {
    const pm2 = twoNamespaces();
    expect(await ensuring(pm2)).toEqual(failure({ code: 2, text: '"rpa" is ambiguous: default/rpa, blue/rpa' }));
    expect(deeds(pm2)).toEqual([]);
  });

  test.each([
    ["default/rpa", "start 0"],
    ["blue/rpa", "start 1"],
  ])("with its namespace is one of them: %s", async (app, deed) => {
    const pm2 = twoNamespaces();
    expect((await ensuring(pm2, { app })).ok).toBe(true);
    expect(deeds(pm2)).toEqual([deed]);
  });
});

test("PM2 that is not there is exit 3 with its clear line; gone after the start, it is a failure", async () => {
  const pm2 = new MemoryPm2();
  pm2.failures.push({ name: "list", error: GONE });
  expect(await ensuring(pm2)).toEqual(failure({ code: 3, text: GONE.message }));
  pm2.rows.add("rpa", { status: "stopped", pid: null });
  pm2.afterCommand = () => pm2.failures.push({ name: "list", error: GONE });
  expect(await ensuring(pm2)).toMatchObject({ error: { code: 5, text: `PM2 was told to start rpa, and then: ${GONE.message}` } });
});
