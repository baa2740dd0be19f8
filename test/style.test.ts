import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { compiledSources, type CompiledSource } from "./support/compiled-sources.ts";

const ROOT = resolve(import.meta.dirname, "..");
const DASHBOARD = "src/dashboard/tsconfig.json";
const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 60; // of sources and test support; a `describe` of a test file may be long

/**
 * How many sources miss the aims (150 lines a file, 25 a function). These numbers only go down: whoever mends one lowers them, and
 * a number that has become too generous is an error as well.
 */
const RATCHET = { filesOver150: 20, functionsOver25: 42, slack: 5 };

const BANNED_NAMES =
  /^(utils?|helpers?|types|common|misc|shared|managers?|services?|constants|interfaces)(\.|-|$)|-(utils?|helpers?|manager)\./;

/** Each with what a reader is told. Tests may not be switched off; sources may neither promise nor print. */
const BANNED_WORDS: readonly { readonly what: string; readonly pattern: RegExp; readonly where: RegExp }[] = [
  { what: "a to-do: write an issue instead", pattern: /\b(TODO|FIXME|XXX|HACK)\b/, where: /^(src|test|bench)\// },
  { what: "console outside the command line", pattern: /\bconsole\.\w+\(/, where: /^src\/(?!cli\/)/ },
  { what: "a test switched off or alone", pattern: /\b(test|it|describe)(\.\w+)*\.(only|skip|todo)\b/, where: /^test\// },
  { what: "the compiler told to look away", pattern: /@ts-(ignore|expect-error|nocheck)/, where: /^(src|test|bench)\// },
  { what: "an enum or namespace", pattern: /^\s*(export )?(declare )?(const )?(enum|namespace) \w/m, where: /^(src|test|bench)\// },
];

function complaints(source: Pick<CompiledSource, "path" | "text" | "functions">): string[] {
  const { path, text, functions } = source;
  const lines = text.trimEnd().split("\n").length;
  return [
    ...(lines > FILE_LINES_MAX ? [`${path}: ${lines} lines, at most ${FILE_LINES_MAX}`] : []),
    ...(BANNED_NAMES.test(basename(path)) ? [`${path}: a name that says nothing`] : []),
    ...(path.endsWith(".test.ts") ? [] : functions)
      .filter((each) => each.lines > FUNCTION_LINES_MAX)
      .map((each) => `${path}:${each.line} ${each.name}: ${each.lines} lines, at most ${FUNCTION_LINES_MAX}`),
    ...(path === "test/style.test.ts" ? [] : BANNED_WORDS)
      .filter(({ pattern, where }) => where.test(path) && pattern.test(text))
      .map(({ what }) => `${path}: ${what}`),
  ];
}

describe("the tree", () => {
  const sources = [...compiledSources(ROOT, "test/tsconfig.json"), ...compiledSources(ROOT, DASHBOARD)];

  test("was really read: sources, tests and the functions in them", () => {
    const paths = sources.map(({ path }) => path);
    expect(paths).toContain("src/core/observation.ts");
    expect(paths).toContain("test/style.test.ts");
    expect(sources.flatMap(({ functions }) => functions).length).toBeGreaterThan(50);
  });

  test("has no file that breaks a rule of style", () => {
    expect(sources.flatMap(complaints)).toEqual([]);
  });

  test("has no folder with a name that says nothing", () => {
    const folders = new Set(tracked().flatMap((path) => path.split("/").slice(0, -1)));
    expect([...folders].filter((folder) => BANNED_NAMES.test(folder))).toEqual([]);
  });

  test("misses the aims no more often than before, and the ratchet is tight", () => {
    const ours = sources.filter(({ path }) => path.startsWith("src/"));
    const filesOver150 = ours.filter(({ text }) => text.trimEnd().split("\n").length > 150).length;
    const functionsOver25 = ours
      .filter(({ path }) => path.endsWith(".ts")) // a component is long with what it shows, not with what it does
      .flatMap(({ functions }) => functions)
      .filter(({ lines }) => lines > 25).length;
    expect(filesOver150, "files over 150 lines").toBeLessThanOrEqual(RATCHET.filesOver150);
    expect(functionsOver25, "functions over 25 lines").toBeLessThanOrEqual(RATCHET.functionsOver25);
    expect(RATCHET.filesOver150 - filesOver150, "lower RATCHET.filesOver150").toBeLessThanOrEqual(RATCHET.slack);
    expect(RATCHET.functionsOver25 - functionsOver25, "lower RATCHET.functionsOver25").toBeLessThanOrEqual(RATCHET.slack);
  });
});

/** What is in the repository; a package unpacked without git has no folders to complain about. */
function tracked(): string[] {
  if (!existsSync(resolve(ROOT, ".git"))) return ["src/core/observation.ts"];
  const paths = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  expect(paths.length).toBeGreaterThan(20);
  return paths;
}

describe("style complains about", () => {
  const fine = { path: "src/core/fine.ts", text: "export {};\n", functions: [] };
  const cases: readonly [string, Partial<CompiledSource>][] = [
    ["a file of 301 lines", { text: "x;\n".repeat(301) }],
    ["a function of 61 lines", { functions: [{ name: "long", line: 1, lines: 61 }] }],
    ["utils.ts", { path: "src/core/utils.ts" }],
    ["heal-helpers.ts", { path: "src/core/heal-helpers.ts" }],
    ["a bare to-do", { text: "// TODO: later\n" }],
    ["console in the core", { text: "console.log(1);\n" }],
    ["a test that runs alone", { path: "test/a.test.ts", text: 'test.only("x", () => {});\n' }],
    ["a test that does not run", { path: "test/a.test.ts", text: 'describe.concurrent.skip("x", () => {});\n' }],
    ["an ignored compiler error", { text: "// @ts-ignore\n" }],
    ["an enum", { text: "export enum Mode { A }\n" }],
  ];
  test.each(cases)("%s", (_what, change) => {
    expect(complaints({ ...fine, ...change })).toHaveLength(1);
  });

  test("nothing in a short file with a good name", () => {
    expect(complaints(fine)).toEqual([]);
    expect(complaints({ ...fine, path: "src/cli/log.ts", text: "console.log(1);\n" })).toEqual([]);
    expect(complaints({ ...fine, path: "src/core/task-windows.ts", text: 'const only = "a.only"; test.skipIf(only);\n' })).toEqual([]);
  });

  test("a package.json whose commands went away", () => {
    const { scripts } = JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(["build", "check", "start", "test", "typecheck"]));
  });
});
