import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import { daemonStatus, explanation, targetStatus, type FakeControlPlane } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { sealedRecord } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const HEAL = "20261122-031245-7";

function target(plane: FakeControlPlane, changes: Parameters<typeof targetStatus>[0] = {}): void {
  const status = targetStatus({ id: "rpa:0", ...changes });
  plane.current = daemonStatus({ targets: [status] });
  plane.explanations.set("rpa:0", explanation({ target: "rpa:0" }));
}

function now(record: Partial<SealedRecord>): SealedRecord {
  return sealedRecord({ ts: new Date().toISOString(), heal_id: HEAL, target: "rpa:0", ...record });
}

describe("healer pause, resume, reset", () => {
  test("name who asked, for how long and why", async () => {
    const { cli, plane } = await fakeDaemon();
    expect((await cli(["pause", "rpa", "mailer", "--for", "30m", "--reason", "deploy"])).code).toBe(0);
    await cli(["pause", "--all", "--for", "forever"]);
    await cli(["pause", "rpa"]);
    await cli(["resume", "--all"]);
    await cli(["reset", "rpa:0"]);
    expect(plane.asked).toEqual([
      { by: "alice", command: { name: "pause", target: "rpa", forMs: 1_800_000, reason: "deploy" } },
      { by: "alice", command: { name: "pause", target: "mailer", forMs: 1_800_000, reason: "deploy" } },
      { by: "alice", command: { name: "pause", target: null, forMs: null, reason: "" } },
      { by: "alice", command: { name: "pause", target: "rpa", forMs: 3_600_000, reason: "" } },
      { by: "alice", command: { name: "resume", target: null } },
      { by: "alice", command: { name: "reset", target: "rpa:0" } },
    ]);
  });

  test("exit with what the daemon answers, and say it", async () => {
    const { cli, plane } = await fakeDaemon();
    plane.reply = { code: 2, text: 'no target "x"; did you mean rpa?', healId: null };
    expect(await cli(["reset", "x"])).toEqual({ code: 2, out: "", err: 'no target "x"; did you mean rpa?' });
  });
});

describe("healer pause APP -- CMD", () => {
  test("pauses, runs the command, resumes, and exits with its code", async () => {
    const { cli, plane } = await fakeDaemon();
    target(plane);
    const proof = join(temporaryDir(), "ran");
    const script = `require("node:fs").writeFileSync(${JSON.stringify(proof)}, process.argv.slice(1).join()); process.exit(7)`;
    const { code } = await cli(["pause", "rpa:0", "--reason", "deploy", "--", process.execPath, "-e", script, "--", "--all"]);
    expect(code).toBe(7);
    expect(existsSync(proof)).toBe(true);
    expect(plane.asked).toEqual([
      { by: "alice", command: { name: "pause", target: "rpa:0", forMs: 3_600_000, reason: "deploy" } },
      { by: "alice", command: { name: "resume", target: "rpa:0" } },
    ]);
  });

  test("resumes also where the command does not exist or dies of a signal", async () => {
    const { cli, plane } = await fakeDaemon();
    target(plane);
    expect((await cli(["pause", "rpa:0", "--", "/nonexistent/command"])).code).toBe(127);
    expect((await cli(["pause", "rpa:0", "--", process.execPath, "-e", "process.kill(process.pid, 'SIGKILL')"])).code).toBe(137);
    expect(plane.asked.map(({ command }) => command.name)).toEqual(["pause", "resume", "pause", "resume"]);
  });

  test("leaves a pause alone that somebody else made", async () => {
    const { cli, plane } = await fakeDaemon();
    target(plane, { paused: "paused by bob until resumed" });
    expect((await cli(["pause", "rpa:0", "--", process.execPath, "-e", ""])).code).toBe(0);
    expect(plane.asked).toEqual([]);
  });

  test("does not run the command where it could not pause", async () => {
    const { cli, plane } = await fakeDaemon();
    const proof = join(temporaryDir(), "ran");
    const command = ["--", process.execPath, "-e", `require("node:fs").writeFileSync(${JSON.stringify(proof)}, "")`];
    expect((await cli(["pause", "nobody", ...command])).code).toBe(2);
    target(plane);
    plane.reply = { code: 4, text: "refused", healId: null };
    expect((await cli(["pause", "rpa:0", ...command])).code).toBe(4);
    expect((await cli(["pause", ...command])).code).toBe(2);
    expect(existsSync(proof)).toBe(false);
  });
});

describe("healer heal", () => {
  test("is refused by a guard with exit 4, which names it", async () => {
    const { cli, plane } = await fakeDaemon();
    plane.reply = { code: 4, text: "not done: in its grace period (guard: grace; to override: --force grace)", healId: null };
    const { code, err } = await cli(["heal", "rpa:0", "--action", "reload", "--force", "budget", "--force", "observe"]);
    expect({ code, err }).toEqual({ code: 4, err: plane.reply.text });
    expect(plane.asked[0]?.command).toEqual({ name: "heal", target: "rpa:0", action: "reload", force: ["budget", "observe"] });
  });

  test("waits for the action: exit 0 when it ran", async () => {
    const { cli, plane } = await fakeDaemon();
    target(plane, { phase: "verifying" });
    plane.reply = { code: 0, text: "restart of rpa:0 begins", healId: HEAL };
    plane.write(now({ event: "heal_intent" }));
    plane.write(now({ event: "heal_action", reason: "restart done", more: { ok: true } }));
    const { code, out } = await cli(["heal", "rpa:0"]);
    expect({ code, out }).toEqual({ code: 0, out: `restart of rpa:0 begins (heal ${HEAL})\nheal_action: restart done` });
  });

  test("waits for the action: exit 5 when it failed", async () => {
    const { cli, plane } = await fakeDaemon();
    target(plane, { phase: "acting" });
    plane.reply = { code: 0, text: "restart of rpa:0 begins", healId: HEAL };
    setTimeout(() => plane.write(now({ event: "heal_action", reason: "PM2 said no", more: { ok: false } })), 30);
    expect((await cli(["heal", "rpa:0"])).code).toBe(5);
  });

  test("exits 4 when the last look before acting stopped it", async () => {
    const { cli, plane } = await fakeDaemon();
    target(plane);
    plane.reply = { code: 0, text: "begins", healId: HEAL };
    plane.write(now({ event: "heal_verdict", reason: "aborted: restarted meanwhile", more: { verdict: "aborted" } }));
    expect((await cli(["heal", "rpa:0", "--json"])).out).toBe(JSON.stringify({ heal_id: HEAL, ok: false, code: 4 }));
  });

  test.each([
    ["recovered", 0],
    ["inconclusive", 0],
    ["failed", 5],
  ])("with --wait goes on to the verdict: %s is exit %d", async (verdict, code) => {
    const { cli, plane } = await fakeDaemon();
    target(plane, { phase: "verifying" });
    plane.reply = { code: 0, text: "begins", healId: HEAL };
    plane.write(now({ event: "heal_action", more: { ok: true } }));
    setTimeout(() => plane.write(now({ event: "heal_verdict", more: { verdict } })), 30);
    expect((await cli(["heal", "rpa:0", "--wait"])).code).toBe(code);
  });
});

test("a file in the way of a home is not a daemon", async () => {
  const { cli } = await fakeDaemon();
  const path = join(temporaryDir(), "file");
  writeFileSync(path, "");
  expect((await cli(["status"], { env: { HEALER_HOME: path } })).code).toBe(3);
});
