import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { whyNoProgram } from "../../../src/world/programs/find-program.ts";
import { programEnvironment } from "../../../src/world/programs/program-environment.ts";
import { createProgramRunner, type ProgramOptions } from "../../../src/world/programs/program-runner.ts";
import { descendants, isAlive, sendSignal } from "../../support/process-scan.ts";
import { temporaryDir } from "../../support/temporary-dir.ts";
import { until } from "../../support/until.ts";

const PATH = process.env["PATH"] ?? "";
const strays = new Set<number>();
afterEach(() => {
  for (const pid of strays) sendSignal(pid, "SIGKILL");
  strays.clear();
});

function options(argv: readonly string[], part: Partial<ProgramOptions> = {}): ProgramOptions {
  const signal = new AbortController().signal;
  return { argv, cwd: null, env: { PATH }, timeoutMs: 15_000, outputBytesMax: 4096, signal, ...part };
}

function run(argv: readonly string[], part: Partial<ProgramOptions> = {}) {
  return createProgramRunner().run(options(argv, part));
}

/** The first argument of the script is where it writes pids to, one a line. */
function pidFile(): { readonly path: string; pids(): readonly number[] } {
  const path = join(temporaryDir(), "pids");
  writeFileSync(path, "");
  const pids = (): readonly number[] => {
    const found = readFileSync(path, "utf8").split("\n").filter(Boolean).map(Number);
    for (const pid of found) strays.add(pid);
    return found;
  };
  return { path, pids };
}

function shell(script: string, ...args: readonly string[]): readonly string[] {
  return ["sh", "-c", script, "sh", ...args];
}

test("what it printed comes back with its exit code, stderr as well", async () => {
  expect(await run(shell("echo out; echo err >&2; exit 3"))).toEqual({ ok: true, value: { kind: "exit", code: 3, output: "out\nerr\n" } });
});

test("no shell reads the words: they arrive as they are", async () => {
  const words = ["$HOME", "a b", "*", ";exit 1", ""];
  const print = "process.stdout.write(JSON.stringify(process.argv.slice(1)))";
  const end = await run([process.execPath, "-e", print, "--", ...words]);
  expect(end).toEqual({ ok: true, value: { kind: "exit", code: 0, output: JSON.stringify(words) } });
});

test("nothing can be read from stdin", async () => {
  expect(await run(shell("read line; echo $?"))).toMatchObject({ value: { output: "1\n" } });
});

test("it runs where it is told, with the environment it is given and nothing of healer's", async () => {
  const folder = temporaryDir();
  const print = "process.stdout.write(JSON.stringify([process.cwd(), process.env.HOME, process.env.HEALER_TEST_RUN]))";
  const env = { PATH, HOME: "/nowhere" };
  expect(await run([process.execPath, "-e", print], { cwd: folder, env })).toMatchObject({
    value: { output: JSON.stringify([folder, "/nowhere", null]) },
  });
});

test("of healer's own environment a program gets what it needs to run, and no secret", () => {
  const own = { PATH: "/bin", HOME: "/h", TZ: "UTC", ALERT_URL: "https://h/T0K3N", NODE_OPTIONS: "--inspect", LANG: undefined };
  expect(programEnvironment(own)).toEqual({ PATH: "/bin", HOME: "/h", TZ: "UTC" });
});

test("of much output the end is kept, and nobody waits for a full pipe", async () => {
  const end = await run(shell("yes 0123456789 | head -c 3000000; echo the end"));
  expect(end).toMatchObject({ value: { kind: "exit", code: 0, output: expect.stringMatching(/the end\n$/) as string } });
  expect(end.ok && end.value.output.length).toBe(4096);
});

test("after the timeout it is killed with all of its group, however deaf they are", async () => {
  const file = pidFile();
  const deaf = `trap '' TERM HUP INT; (trap '' TERM; echo $$ >> "$1"; exec sleep 1000) & sleep 1000 & echo $! >> "$1"; echo busy; wait`;
  const end = await run(shell(deaf, file.path), { timeoutMs: 700 });
  expect(end).toEqual({ ok: true, value: { kind: "killed", output: "busy\n" } });
  expect(file.pids()).toHaveLength(2);
  await until(() => !file.pids().some(isAlive), "the whole group to end");
});

test("what it leaves behind ends with it, and is not waited for", async () => {
  const file = pidFile();
  const end = await run(shell('sleep 1000 & echo $! >> "$1"; echo done', file.path));
  expect(end).toEqual({ ok: true, value: { kind: "exit", code: 0, output: "done\n" } });
  await until(() => file.pids().length === 1 && !file.pids().some(isAlive), "the one left behind to end");
});

test("whoever left its group and holds its output keeps nobody waiting", async () => {
  const file = pidFile();
  const leave = `require("child_process").spawn("sleep", ["1000"], { detached: true, stdio: "inherit" }).unref()`;
  const script = `const child = ${leave.replace(".unref()", "")}; require("fs").writeFileSync(process.argv[1], child.pid + "\\n"); child.unref()`;
  expect(await run([process.execPath, "-e", script, file.path])).toMatchObject({ value: { kind: "exit", code: 0 } });
  expect(file.pids().map(isAlive)).toEqual([true]);
});

test("one that somebody else killed did not come to an end of its own", async () => {
  expect(await run(shell("echo so far; kill -9 $$"))).toEqual({
    ok: true,
    value: { kind: "signal", signal: "SIGKILL", output: "so far\n" },
  });
});

test("an abort kills it, and a runner told before does not start it", async () => {
  const [file, stop] = [pidFile(), new AbortController()];
  const running = run(shell('echo $$ >> "$1"; exec sleep 1000', file.path), { signal: stop.signal });
  await until(() => file.pids().length === 1, "the program");
  stop.abort();
  expect(await running).toMatchObject({ ok: false, error: { kind: "stopped" } });
  expect(file.pids().some(isAlive)).toBe(false);
  expect(await run(["true"], { signal: stop.signal })).toMatchObject({ ok: false, error: { kind: "stopped" } });
});

test("nobody is left as a zombie", async () => {
  const before = descendants(process.pid);
  await Promise.all([run(["true"]), run(["false"]), run(shell("sleep 1000"), { timeoutMs: 100 }), run(["no-such-program"])]);
  await until(() => descendants(process.pid).every((pid) => before.includes(pid)), "all of them to be reaped");
});

/** A folder with a file that is no program, and a program whose interpreter is not there. */
function programs() {
  const folder = temporaryDir();
  const write = (name: string, mode: number, text: string): string => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  return {
    folder,
    plain: write("plain", 0o644, "#!/bin/sh\n"),
    lost: write("lost", 0o755, "#!/no/such/interpreter\n"),
    gone: join(folder, "gone"),
  };
}

test("what cannot be started says why", async () => {
  const { plain, lost, gone } = programs();
  const missing = (program: string): string => `there is no program ${program}, or not the interpreter that its first line names`;
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["no-such-program"], missing("no-such-program")],
    [[gone], missing(gone)],
    [[lost], missing(lost)],
    [[plain], `${plain} may not be executed`],
    [["true", "x".repeat(4 * 1024 ** 2)], "true could not be started (E2BIG)"],
    [["true", "a\0b"], "true could not be started (ERR_INVALID_ARG_VALUE)"],
  ];
  for (const [argv, message] of cases) expect(await run(argv)).toEqual({ ok: false, error: { kind: "not-started", message } });
  const message = `its working directory ${gone} is not there`;
  expect(await run(["true"], { cwd: gone })).toEqual({ ok: false, error: { kind: "not-started", message } });
});

test("a program that is looked at beforehand is found or missed as the system would", () => {
  const { folder, plain, gone } = programs();
  const looks = (program: string, path = PATH): string | null => whyNoProgram(program, path);
  expect(looks("sh")).toBeNull();
  expect(looks("/bin/sh")).toBeNull();
  expect(looks("./relative/to/who/knows")).toBeNull();
  expect(looks("sh", folder)).toBe("there is no program sh in healer's PATH");
  expect(looks("plain", folder)).toBe("there is no program plain in healer's PATH");
  expect(looks("lost", `/nowhere:${folder}`)).toBeNull();
  expect(looks("sh", "")).toBe("there is no program sh in healer's PATH");
  expect(looks(plain)).toBe(`${plain} may not be executed`);
  expect(looks(folder)).toBe(`${folder} is no file`);
  expect(looks(gone)).toBe(`there is no ${gone}`);
});

test("programs that no signal ends are not waited for, and after four of them no more are started until one ends", async () => {
  const file = pidFile();
  const runner = createProgramRunner(() => {}); // as where they hang in the kernel, or run as another user
  const hang = options(shell('echo $$ >> "$1"; exec sleep 1000', file.path), { timeoutMs: 100 });
  const ends = await Promise.all([runner.run(hang), runner.run(hang), runner.run(hang), runner.run(hang)]);
  expect(ends.map((end) => end.ok && end.value.kind)).toEqual(["killed", "killed", "killed", "killed"]);
  const refused = { ok: false, error: { kind: "not-started", message: "4 of its programs were killed and have not ended" } };
  expect(await runner.run(options(["true"]))).toEqual(refused);
  const [first = 0] = file.pids();
  sendSignal(first, "SIGKILL");
  await until(async () => (await runner.run(options(["true"]))).ok, "room for another");
});
