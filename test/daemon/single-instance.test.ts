import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { claimInstance, whoWatches, type InstanceConflict } from "../../src/daemon/single-instance.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { takeKernelLock } from "../../src/world/lock/kernel-lock.ts";
import { temporaryDir } from "../support/temporary-dir.ts";

interface Claimant {
  readonly process: ChildProcess;
  readonly said: { readonly ok: boolean; readonly error?: InstanceConflict };
}

/** A process of its own that claims the homes; has answered when this resolves. */
async function claimant(pm2Home: string, healerHome: string, kind: "abstract" | "path" = "abstract"): Promise<Claimant> {
  const child = spawn(process.execPath, ["--import", "tsx", "test/fixtures/daemon/claim-instance.ts", pm2Home, healerHome, kind], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: dirname(pm2Home) }, // a killed holder leaves its socket file behind
  });
  onTestFinished(() => kill(child));
  const [line] = await createInterface({ input: child.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then((result) => [result.value as string]);
  return { process: child, said: JSON.parse(line ?? "{}") as Claimant["said"] };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

function homes() {
  const dir = temporaryDir();
  for (const name of ["pm2", "one", "two"]) mkdirSync(join(dir, name));
  return { pm2: join(dir, "pm2"), one: join(dir, "one"), two: join(dir, "two") };
}

describe.each(["abstract", "path"] as const)("one healer per PM2_HOME, by %s socket", (kind) => {
  test("the second is told the first one's pid, user and home, whatever its own HEALER_HOME", async () => {
    const { pm2, one, two } = homes();
    const first = await claimant(pm2, one, kind);
    const second = await claimant(pm2, two, kind);
    expect(first.said).toEqual({ ok: true });
    expect(second.said).toEqual({
      ok: false,
      error: {
        first: { pid: first.process.pid, user: "tester", home: one },
        message: `PM2_HOME ${pm2} is watched by another healer: pid ${first.process.pid}, user tester, HEALER_HOME ${one}`,
      },
    });
  });

  test("after a kill -9 of the first, the next one has it at once", async () => {
    const { pm2, one, two } = homes();
    const first = await claimant(pm2, one, kind);
    expect(first.said.ok).toBe(true);
    await kill(first.process);
    expect((await claimant(pm2, two, kind)).said).toEqual({ ok: true });
  });

  test("of several that start together over a killed one, exactly one gets it", async () => {
    const { pm2, one, two } = homes();
    await kill((await claimant(pm2, one, kind)).process);
    const together = await Promise.all([1, 2, 3, 4].map(() => claimant(pm2, two, kind)));
    expect(together.filter(({ said }) => said.ok)).toHaveLength(1);
  });
});

describe("what counts as the same home", () => {
  const files = systemFiles();
  const me = { files, pid: process.pid, user: "me" };

  async function claimed(pm2Home: string, healerHome: string) {
    const result = await claimInstance({ ...me, pm2Home, healerHome });
    if (result.ok) onTestFinished(() => result.value.release());
    return result;
  }

  test("another PM2_HOME with a HEALER_HOME of its own is free", async () => {
    const { pm2, one, two } = homes();
    expect((await claimed(pm2, one)).ok).toBe(true);
    expect((await claimed(join(pm2, "other"), two)).ok).toBe(true);
  });

  test("a link to the PM2_HOME is the PM2_HOME", async () => {
    const { pm2, one, two } = homes();
    symlinkSync(pm2, `${pm2}-link`);
    expect((await claimed(pm2, one)).ok).toBe(true);
    expect((await claimed(`${pm2}-link`, two)).ok).toBe(false);
  });

  test("two PM2_HOMEs cannot share one HEALER_HOME, and the refused one holds nothing", async () => {
    const { pm2, one, two } = homes();
    expect((await claimed(pm2, one)).ok).toBe(true);
    const second = await claimed(join(pm2, "other"), one);
    expect(second).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining(`HEALER_HOME ${one} is used by another healer`) as string },
    });
    expect((await claimed(join(pm2, "other"), two)).ok).toBe(true);
  });

  test("a released instance can be claimed again by the same process", async () => {
    const { pm2, one } = homes();
    const first = await claimInstance({ ...me, pm2Home: pm2, healerHome: one });
    if (first.ok) await first.value.release();
    expect((await claimed(pm2, one)).ok).toBe(true);
  });
});

describe("a passing command that holds the homes", () => {
  const options = { files: systemFiles(), pid: process.pid, user: "me" };
  const FOREVER_MS = 600_000;

  async function trimming(pm2Home: string, healerHome: string) {
    const claim = await claimInstance({ ...options, pm2Home, healerHome, command: "trim" });
    if (!claim.ok) throw new Error(claim.error.message);
    onTestFinished(() => claim.value.release());
    return claim.value;
  }

  test("is waited for by whoever has the time", async () => {
    const { pm2, one } = homes();
    const trim = await trimming(pm2, one);
    const daemon = claimInstance({ ...options, pm2Home: pm2, healerHome: one, waitMs: FOREVER_MS });
    setImmediate(() => void trim.release());
    const claimed = await daemon;
    expect(claimed.ok).toBe(true);
    if (claimed.ok) await claimed.value.release();
  });

  test("is named when it is not over in time, and at once to whoever does not wait", async () => {
    const { pm2, one, two } = homes();
    await trimming(pm2, one);
    const message = `PM2_HOME ${pm2} is used by healer trim, which is not over yet: pid ${process.pid}, user me, HEALER_HOME ${one}`;
    for (const waitMs of [0, 30]) {
      const refused = await claimInstance({ ...options, pm2Home: pm2, healerHome: two, waitMs });
      expect(refused.ok ? "" : refused.error.message).toBe(message);
    }
  });

  test("watches nothing; a daemon does", async () => {
    const { pm2, one, two } = homes();
    const trim = await trimming(pm2, one);
    expect(await whoWatches(options.files, pm2)).toBeNull();
    await trim.release();
    expect(await whoWatches(options.files, pm2)).toBeNull();
    const daemon = await claimInstance({ ...options, pm2Home: pm2, healerHome: two });
    expect(await whoWatches(options.files, pm2)).toEqual({ pid: process.pid, user: "me", home: two });
    if (daemon.ok) await daemon.value.release();
  });

  test("does not get a daemon out of the way by waiting: that is a conflict at once", async () => {
    const { pm2, one, two } = homes();
    const daemon = await claimInstance({ ...options, pm2Home: pm2, healerHome: one });
    const refused = await claimInstance({ ...options, pm2Home: pm2, healerHome: two, command: "trim", waitMs: FOREVER_MS });
    expect(refused.ok ? "" : refused.error.message).toContain(`PM2_HOME ${pm2} is watched by another healer: pid ${process.pid}`);
    if (daemon.ok) await daemon.value.release();
  });
});

describe("a holder that is no healer", () => {
  /** Somebody else's server under the name of a lock. */
  async function squatted(answer: string | null): Promise<Awaited<ReturnType<typeof takeKernelLock>>> {
    const name = `healer-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      if (answer !== null) socket.write(answer);
      onTestFinished(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen({ path: `\0${name}` }, resolve));
    onTestFinished(() => void server.close());
    return takeKernelLock({ name, answer: "mine" });
  }

  test.each([
    ["says nothing", null],
    ["never ends its line", "x".repeat(10_000)],
  ])("that %s does not hang the second one", async (_, answer) => {
    expect(await squatted(answer)).toEqual({ ok: false, error: { kind: "held", answer: null } });
  });

  test("cannot steer the terminal of the second one", async () => {
    const { pm2, one } = homes();
    const holder = await claimInstance({
      files: systemFiles(),
      pm2Home: pm2,
      healerHome: "/x\u001b[2J",
      pid: 1,
      user: "\u001b]0;owned\u0007",
    });
    if (holder.ok) onTestFinished(() => holder.value.release());
    const second = await claimInstance({ files: systemFiles(), pm2Home: pm2, healerHome: one, pid: 2, user: "me" });
    expect(second.ok ? "" : second.error.message).toContain("user \\x1b]0;owned\\x07, HEALER_HOME /x\\x1b[2J");
  });
});

test("a guard that a process left behind when it died in a takeover stops nobody", async () => {
  const { pm2, one, two } = homes();
  const first = await claimant(pm2, one, "path");
  await kill(first.process);
  const sockets = readdirSync(dirname(pm2)).filter((name) => name.endsWith(".sock"));
  expect(sockets).toHaveLength(2);
  for (const name of sockets) writeFileSync(join(dirname(pm2), `${name}.takeover`), String(first.process.pid));
  expect((await claimant(pm2, two, "path")).said).toEqual({ ok: true });
});
