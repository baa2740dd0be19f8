import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { askLockHolder, takeKernelLock, type LockOptions } from "../../../src/world/lock/kernel-lock.ts";
import { waitForKernelLock } from "../../../src/world/lock/wait-for-lock.ts";
import { temporaryDir } from "../../support/temporary-dir.ts";
import { until } from "../../support/until.ts";

const FOREVER_MS = 600_000;

/** A lock of its own for each test; its socket file, where it has one, does not outlive the test. */
function lockOf(kind: "abstract" | "path"): LockOptions & { readonly kind: "abstract" | "path" } {
  const name = `healer-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  onTestFinished(() => rmSync(join(tmpdir(), `${name}.sock`), { force: true }));
  return { name, kind, answer: `holder ${process.pid}` };
}

interface Turns {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
}

function turnTaker(lock: { readonly name: string; readonly kind: string }, diary: string, waiters: number, holdMs: number): Turns {
  const args = ["--import", "tsx", "test/fixtures/lock/take-turns.ts", lock.name, lock.kind, diary, String(waiters), String(holdMs)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { process: child, ended };
}

function linesOf(diary: string): readonly string[] {
  return existsSync(diary) ? readFileSync(diary, "utf8").trim().split("\n") : [];
}

/** Every "in" is followed by the "out" of the same waiter, and by nothing else. */
function overlaps(lines: readonly string[]): readonly string[] {
  return lines.filter((line, at) => line.endsWith(" in") && lines[at + 1] !== line.replace(" in", " out"));
}

describe.each(["abstract", "path"] as const)("waiting for a lock, by %s socket", (kind) => {
  test("thirteen waiters of one process take turns, never two at once", async () => {
    const lock = lockOf(kind);
    let inside = 0;
    let most = 0;
    const turn = async (): Promise<boolean> => {
      const taken = await waitForKernelLock({ ...lock, deadlineMs: FOREVER_MS });
      if (!taken.ok) return false;
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      await taken.value.release();
      return true;
    };
    const served = await Promise.all(Array.from({ length: 13 }, turn));
    expect({ served: served.filter(Boolean).length, most }).toEqual({ served: 13, most: 1 });
  });

  test("so do the waiters of several processes", async () => {
    const lock = lockOf(kind);
    const diary = join(temporaryDir(), "diary");
    const takers = [4, 3, 3, 3].map((waiters) => turnTaker(lock, diary, waiters, 5));
    expect(await Promise.all(takers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
    const lines = linesOf(diary);
    expect({ turns: lines.length / 2, overlaps: overlaps(lines) }).toEqual({ turns: 13, overlaps: [] });
  });

  test("more waiters than the holder has room for are all served in the end", async () => {
    const lock = lockOf(kind);
    const first = await takeKernelLock(lock);
    const waiting = Array.from({ length: 80 }, async () => {
      const taken = await waitForKernelLock({ ...lock, deadlineMs: FOREVER_MS });
      if (taken.ok) await taken.value.release();
      return taken.ok;
    });
    await new Promise((resolve) => setImmediate(resolve));
    if (first.ok) await first.value.release();
    expect((await Promise.all(waiting)).filter(Boolean)).toHaveLength(80);
  });

  test("the one that waits has it when the holder is killed, and is told that at once", async () => {
    const lock = lockOf(kind);
    const diary = join(temporaryDir(), "diary");
    const holder = turnTaker(lock, diary, 1, FOREVER_MS);
    await until(() => linesOf(diary).length === 1, "the holder to have the lock");
    const told: (string | null)[] = [];
    const onHeld = (answer: string | null): "wait" => {
      told.push(answer);
      return "wait";
    };
    const waiting = waitForKernelLock({ ...lock, deadlineMs: FOREVER_MS, onHeld });
    await until(() => told.length === 1, "the waiter to be told");
    holder.process.kill("SIGKILL");
    await holder.ended;
    const taken = await waiting;
    expect({ ok: taken.ok, told }).toEqual({ ok: true, told: [`${holder.process.pid}.0`] });
    if (taken.ok) await taken.value.release();
  });

  test("after its deadline a waiter says who has the lock, and leaves it alone", async () => {
    const lock = lockOf(kind);
    const first = await takeKernelLock(lock);
    expect(await waitForKernelLock({ ...lock, answer: "second", deadlineMs: 30 })).toEqual({
      ok: false,
      error: { kind: "held", answer: lock.answer },
    });
    expect(await askLockHolder(lock)).toBe(lock.answer);
    if (first.ok) await first.value.release();
    expect(await askLockHolder(lock)).toBeNull();
  });

  test("a holder that is not worth waiting for is not waited for", async () => {
    const lock = lockOf(kind);
    const first = await takeKernelLock(lock);
    const refused = await waitForKernelLock({ ...lock, deadlineMs: FOREVER_MS, onHeld: () => "give-up" });
    expect(refused).toEqual({ ok: false, error: { kind: "held", answer: lock.answer } });
    if (first.ok) await first.value.release();
  });

  test("those that only ask are no obstacle to giving the lock back", async () => {
    const lock = lockOf(kind);
    for (let round = 0; round < 3; round++) {
      const taken = await takeKernelLock(lock);
      expect(taken.ok, `round ${round}`).toBe(true);
      const asked = await Promise.all([askLockHolder(lock), takeKernelLock(lock)]);
      expect(asked).toEqual([lock.answer, { ok: false, error: { kind: "held", answer: lock.answer } }]);
      if (taken.ok) await taken.value.release();
    }
  });
});

test("a holder that ends every connection after its line, as earlier versions do, is waited for all the same", async () => {
  const lock = lockOf("abstract");
  let asked = 0;
  const server = createServer((socket) => {
    asked++;
    socket.on("error", () => undefined);
    socket.end("old\n");
    if (asked === 3) server.close();
  });
  await new Promise<void>((resolve) => server.listen({ path: `\0${lock.name}` }, resolve));
  const taken = await waitForKernelLock({ ...lock, deadlineMs: FOREVER_MS });
  expect({ ok: taken.ok, asked }).toEqual({ ok: true, asked: 3 });
  if (taken.ok) await taken.value.release();
});
