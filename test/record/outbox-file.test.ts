import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openOutboxFile } from "../../src/record/outbox-file.ts";
import type { OutboxChange, OutboxEntry } from "../../src/record/outbox-state.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { faultyCalls, fullDisk } from "../support/faulty-files.ts";
import { sealedRecord } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

const path = (): string => join(temporaryDir(), "ops.jsonl");
const add = (id: string, changes: Partial<OutboxEntry> = {}): OutboxChange => ({
  op: "add",
  entry: { id, record: sealedRecord(), urgent: false, quiet: false, incidentKey: id, part: null, resolved: false, ...changes },
});
const sent = (id: string): OutboxChange => ({ op: "sent", ids: [id], atMs: 1, urgent: false });

describe("an outbox", () => {
  test("is after opening again what it was, all changes included", () => {
    const at = path();
    const one = openOutboxFile(systemFiles(), at);
    const changes: OutboxChange[] = [
      ...["a", "b", "c", "d"].map((id) => add(id)),
      add("e", { incidentKey: "box circuit w:0", part: "opens", urgent: true }),
      sent("a"),
      { op: "lost", ids: ["b"], why: "refused" },
      { op: "sending", message: { id: "c+1", ids: ["c", "d"], heading: "2 messages" } },
    ];
    for (const change of changes) one.apply(change);
    const other = openOutboxFile(systemFiles(), at);
    expect(other.state).toEqual(one.state);
    expect([other.waitingBytes, other.damaged]).toEqual([one.waitingBytes, 0]);
    expect([...other.state.waiting.keys()]).toEqual(["c", "d", "e"]);
    expect(other.state.lost).toEqual({ messages: 1, which: ["symptom rpa-worker:0 (b)"], lastError: "refused" });
    expect(openOutboxFile(systemFiles(), at).state).toEqual(one.state); // written anew meanwhile
  });

  test("stays small however much goes through it, and is its user's alone", () => {
    const at = path();
    const outbox = openOutboxFile(systemFiles(), at);
    for (let number = 0; number < 3_000; number++) {
      outbox.apply(add(`m${number}`));
      outbox.apply(sent(`m${number}`));
    }
    expect(statSync(at).size).toBeLessThan(400_000);
    expect(statSync(at).mode & 0o777).toBe(0o600);
  });

  test("goes on in memory on a full disk, and writes all of it when there is room again", () => {
    const at = path();
    const room = { bytes: 2_000 };
    const outbox = openOutboxFile(systemFiles(faultyCalls(fullDisk(room))), at);
    for (let number = 0; number < 20; number++) outbox.apply(add(`m${number}`));
    expect(outbox.state.waiting.size).toBe(20);
    room.bytes = 1_000_000;
    for (let number = 20; number < 100; number++) outbox.apply(add(`m${number}`));
    expect(openOutboxFile(systemFiles(), at).state.waiting.size).toBe(100);
  });

  test("that is removed is gone", () => {
    const at = path();
    openOutboxFile(systemFiles(), at).remove();
    expect(existsSync(at)).toBe(false);
  });
});

describe("what is no line of an outbox", () => {
  test.each([
    "",
    "null",
    '{"op":"other"}',
    '{"op":"add","entry":{"id":"x"}}',
    '{"op":"add","entry":{"id":"x","incidentKey":"x","record":null}}',
    '{"op":"sent","ids":[1],"atMs":1}',
    '{"op":"sending","message":null}',
    '{"op":"kept","open":[1],"sent":[],"sending":null,"lost":{"messages":0,"which":[],"lastError":""}}',
    '{"op":"kept","open":[["k",null]],"sent":[],"sending":null,"lost":{"messages":0,"which":[],"lastError":""}}',
    '{"op":"kept","open":[],"sent":[null],"sending":null,"lost":{"messages":0,"which":[],"lastError":""}}',
    '{"op":"kept","open":[],"sent":[],"sending":7,"lost":null}',
  ])("is counted, and the rest is read: %s", (line) => {
    const at = path();
    const before = openOutboxFile(systemFiles(), at);
    before.apply(add("a"));
    before.close();
    writeFileSync(at, `${line}\n${readFileSync(at, "utf8")}`);
    const opened = openOutboxFile(systemFiles(), at);
    expect([...opened.state.waiting.keys(), opened.damaged]).toEqual(["a", 1]);
  });

  test("nor is half a line at the end", () => {
    const at = path();
    const before = openOutboxFile(systemFiles(), at);
    for (const id of ["a", "b"]) before.apply(add(id));
    before.close();
    writeFileSync(at, readFileSync(at, "utf8").slice(0, -20));
    const opened = openOutboxFile(systemFiles(), at);
    expect([...opened.state.waiting.keys(), opened.damaged]).toEqual(["a", 1]);
    opened.apply(add("c"));
    expect([...openOutboxFile(systemFiles(), at).state.waiting.keys()]).toEqual(["a", "c"]);
  });
});
