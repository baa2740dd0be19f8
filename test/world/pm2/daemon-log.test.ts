import { describe, expect, test } from "vitest";
import { parseNotice } from "../../../src/world/pm2/daemon-log.ts";

const AT = 1_795_690_300_074;

/** As PM2 7.0.4's bus carried it. */
function logged(data: unknown, pmId: unknown = "PM2"): Record<string, unknown> {
  return { process: { pm_id: pmId, name: "PM2", rev: null }, at: AT, data };
}

function exit(app: string, code: number, signal: string): string {
  return `App [${app}] exited with code [${code}] via signal [${signal}]\n`;
}

describe("a line of PM2's own log", () => {
  const ended = { kind: "exit", wallMs: AT, oomKills: null };

  test.each<[string, string, object]>([
    ["a code", exit("x:6", 1, "SIGINT"), { ...ended, pmId: 6, exitCode: 1, signal: null }],
    ["a signal", exit("a:0", 0, "SIGSEGV"), { ...ended, pmId: 0, exitCode: 0, signal: "SIGSEGV" }],
    ["SIGINT, which may be none", exit("a:0", 0, "SIGINT"), { ...ended, pmId: 0, exitCode: 0, signal: null }],
    [
      "a name that looks like the rest",
      exit("a:9] exited with code [7] via signal [SIGKILL]:3", 0, "SIGBUS"),
      { ...ended, pmId: 3, exitCode: 0, signal: "SIGBUS" },
    ],
    ["a stop", "Stopping app:c d id:5\n", { kind: "stopping", pmId: 5, app: "c d", wallMs: AT }],
    [
      "a memory limit",
      "[PM2][WORKER] Process 3 restarted because it exceeds --max-memory-restart value (current_memory=126631936 max_memory_limit=94371840 [octets])\n",
      { kind: "memory_limit", pmId: 3, wallMs: AT, memoryBytes: 126_631_936, limitBytes: 94_371_840 },
    ],
    [
      "a changed file",
      "Change detected on path src/for app x/a.js for app w - restarting\n",
      { kind: "watch", app: "w", path: "src/for app x/a.js", wallMs: AT },
    ],
  ])("tells of %s", (_what, data, notice) => {
    expect(parseNotice(logged(data))).toEqual(notice);
  });

  test.each<[string, unknown]>([
    ["the outgoing worker of a reload", exit("clu:_old_1", 0, "SIGINT")],
    ["a stop of it", "Stopping app:clu id:_old_1\n"],
    ["a start", "App [a:0] starting in -fork mode-\n"],
    ["no text", { line: 1 }],
    ["a line longer than any", exit(`${"a".repeat(5_000)}:0`, 1, "SIGINT")],
    ["a number beyond all", exit("a:99999999999", 1, "SIGINT")],
  ])("says nothing of %s", (_what, data) => {
    expect(parseNotice(logged(data))).toBeNull();
  });

  test.each<[string, Record<string, unknown>]>([
    [
      "a worker's message under the topic, which carries its number",
      { at: AT, data: exit("a:0", 0, "SIGKILL"), process: { pm_id: 0, name: "PM2" } },
    ],
    ["one without a process", { at: AT, data: exit("a:0", 0, "SIGKILL") }],
    ["one without a time", { ...logged(exit("a:0", 0, "SIGKILL")), at: "now" }],
    ["one of before all time", { ...logged(exit("a:0", 0, "SIGKILL")), at: -1 }],
  ])("believes no %s", (_what, payload) => {
    expect(parseNotice(payload)).toBeNull();
  });
});
