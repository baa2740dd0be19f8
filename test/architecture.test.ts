import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { compiledSources, type CompiledSource } from "./support/compiled-sources.ts";
import { temporaryDir } from "./support/temporary-dir.ts";

const ROOT = resolve(import.meta.dirname, "..");

/** Builtins that compute, or name the machine, and open nothing. All others are doors, and doors are world's. */
const HARMLESS = ["node:path", "node:url", "node:util", "node:events", "node:crypto", "node:buffer", "node:zlib", "node:os"];
/** What world may take from the core: all types, and these values, which word results and numbers. */
const CORE_FOR_WORLD = ["type core", "core/outcome.ts", "core/quantities.ts"];
const DRAWERS = ["rules", "sensors", "actions", "notifiers"];
const REGISTRIES = DRAWERS.map((drawer) => `${drawer}/registry.ts`);

/**
 * Who may import whom. An entry is a folder of `src`, one of its files, or a package; `type ` in front = types only, gone after
 * compilation; `*` = anything. A folder may always import itself; for the drawers a test below takes that back for siblings.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  rules: ["core", "zod"],
  "world/pm2": [...CORE_FOR_WORLD, "type world", "node:*", "amp", "amp-message"],
  "world/bullmq": [...CORE_FOR_WORLD, "type world", "world", "node:*", "bullmq", "ioredis"],
  "world/host": [...CORE_FOR_WORLD, "type world", "node:*", "systeminformation"],
  "world/smtp": [...CORE_FOR_WORLD, "type world", "node:*", "nodemailer"],
  world: [...CORE_FOR_WORLD, "type world", "node:*"],
  sensors: ["core", "world", "zod", ...HARMLESS],
  actions: ["core", "world", "zod", ...HARMLESS],
  notifiers: ["core", "world", "zod", ...HARMLESS],
  record: ["core", "world", "winston", "winston-transport", ...HARMLESS],
  config: ["core", "world", ...REGISTRIES, ...DRAWERS.map((drawer) => `type ${drawer}`), "yaml", "zod", "chokidar", "croner", ...HARMLESS],
  daemon: ["config", "core", ...DRAWERS, "record", "world", "api", ...HARMLESS],
  api: ["core", "record", "type daemon", "world", "hono", "@hono/node-server", "zod", ...HARMLESS],
  // The real memory and its recovery on a simulated disk: of the daemon nothing else.
  simulate: ["core", "rules", "config", "record", "daemon/restore.ts", "type world", ...HARMLESS],
  worker: ["node:*"],
  dashboard: ["type api", "type core", "type daemon", "type record", "preact", "@preact/signals", "uplot", "vite"],
  demo: ["*"],
  cli: ["*"],
};

const NOBODY_IMPORTS = ["cli", "demo"]; // except each other

interface Import {
  readonly from: string;
  /** "core/outcome.ts" for ours, "hono" for a package, "node:fs" for a builtin. */
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(sources: readonly CompiledSource[]): Import[] {
  return sources
    .filter(({ path }) => path.startsWith("src/"))
    .flatMap((source) =>
      source.imports.map(({ specifier, typeOnly }) => ({ from: source.path.slice(4), to: imported(source.path, specifier), typeOnly })),
    );
}

/** A relative path is resolved; of a package only the name stays: "hono/streaming" is hono. */
function imported(path: string, specifier: string): string {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier).replace(/^src\//, "");
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The longest row that covers the file: `world/pm2` before `world`. */
function rowOf(file: string): string | undefined {
  return Object.keys(MAY_IMPORT)
    .filter((folder) => file.startsWith(`${folder}/`))
    .toSorted((one, other) => other.length - one.length)[0];
}

function violations(sources: readonly CompiledSource[]): string[] {
  const imports = importsOf(sources);
  return [
    ...sources
      .filter(({ path }) => path.startsWith("src/") && rowOf(path.slice(4)) === undefined)
      .map(({ path }) => `${path} is in no folder of the table`),
    ...imports
      .filter((one) => !allowed(one))
      .map((one) => `src/${one.from} may not import ${one.typeOnly ? "the types of " : ""}${one.to}`),
    ...siblings(imports).map((one) => `src/${one.from} imports its sibling ${one.to}`),
  ];
}

function allowed({ from, to, typeOnly }: Import): boolean {
  const row = rowOf(from);
  if (row === undefined || to.startsWith(`${row}/`)) return true;
  const permits = MAY_IMPORT[row] ?? [];
  if (permits.includes("*")) return true;
  if (NOBODY_IMPORTS.some((folder) => to.startsWith(`${folder}/`))) return false;
  return permits.some((permit) => covers(permit, to) || (typeOnly && permit.startsWith("type ") && covers(permit.slice(5), to)));
}

function covers(permit: string, to: string): boolean {
  return permit === to || to.startsWith(`${permit}/`) || (permit === "node:*" && to.startsWith("node:"));
}

/** Implementations are what a drawer's registry imports, save the contract; they never import one another. */
function siblings(imports: readonly Import[]): Import[] {
  const implementations = imports.filter(({ from, typeOnly }) => REGISTRIES.includes(from) && !typeOnly).map(({ to }) => to);
  return imports.filter(({ from, to }) => implementations.includes(from) && implementations.includes(to));
}

/** A small tree of its own with the sources given, compiled like ours. */
function planted(files: Readonly<Record<string, string>>): CompiledSource[] {
  const root = temporaryDir();
  const options = { module: "nodenext", allowImportingTsExtensions: true, noEmit: true, types: [] };
  writeFileSync(join(root, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["src"] }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return compiledSources(root, "tsconfig.json");
}

describe("the tree", () => {
  const sources = [...compiledSources(ROOT, "tsconfig.json"), ...compiledSources(ROOT, "src/dashboard/tsconfig.json")];

  test("was really read: files, and the imports between them", () => {
    expect(sources.length).toBeGreaterThan(15);
    expect(importsOf(sources).length).toBeGreaterThan(15);
    expect(sources.map(({ path }) => path)).toContain("src/core/observation.ts");
    expect(sources.map(({ path }) => path)).toContain("src/dashboard/app.tsx");
  });

  test("keeps to the import table", () => {
    expect(violations(sources)).toEqual([]);
  });

  test("has a core and rules that read neither clock nor chance", () => {
    expect(impure(sources)).toEqual([]);
  });
});

/** Comments may speak of clocks; code of these folders may not touch them. */
function impure(sources: readonly CompiledSource[]): string[] {
  const outward =
    /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|process\.|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\()/;
  const code = (text: string): string => text.replace(/\/\*.*?\*\//gs, "").replace(/\/\/.*$/gm, "");
  return sources.filter(({ path, text }) => /^src\/(core|rules)\//.test(path) && outward.test(code(text))).map(({ path }) => path);
}

test.each(["Date.now()", "Math.random()", "process.env", "setTimeout(String, 1)"])("a core that says %s is caught", (code) => {
  expect(impure(planted({ "src/core/a.ts": `export const a = ${code};` }))).toEqual(["src/core/a.ts"]);
  expect(impure(planted({ "src/core/a.ts": `// never ${code}` }))).toEqual([]);
});

describe("the table refuses", () => {
  const outcome = { "src/core/outcome.ts": "export const success = 1; export type Outcome = number;" };
  const cases: [string, Record<string, string>, string][] = [
    ["a builtin in the core", { "src/core/a.ts": 'import "node:fs";' }, "src/core/a.ts may not import node:fs"],
    [
      "a core that looks outward",
      { "src/core/a.ts": 'import "../world/b.ts";', "src/world/b.ts": "export {}" },
      "src/core/a.ts may not import world/b.ts",
    ],
    ["a lazy import", { "src/core/a.ts": 'export const a = () => import("zod");' }, "src/core/a.ts may not import zod"],
    ["a re-export", { "src/rules/a.ts": 'export * from "yaml";' }, "src/rules/a.ts may not import yaml"],
    ["a door opened outside world", { "src/sensors/a.ts": 'import "node:net";' }, "src/sensors/a.ts may not import node:net"],
    [
      "core's values in world",
      { "src/world/b.ts": 'import { x } from "../core/a.ts"; x;', "src/core/a.ts": "export const x = 1" },
      "src/world/b.ts may not import core/a.ts",
    ],
    [
      "a second package in a door",
      { "src/world/pm2/b.ts": 'import "systeminformation";' },
      "src/world/pm2/b.ts may not import systeminformation",
    ],
    [
      "a drawer that opens another",
      { "src/rules/a.ts": 'import type { B } from "../actions/b.ts"; export let b: B;', "src/actions/b.ts": "export type B = 1" },
      "src/rules/a.ts may not import the types of actions/b.ts",
    ],
    [
      "whoever wants the demo",
      { "src/daemon/a.ts": 'import "../demo/b.ts";', "src/demo/b.ts": "export {}" },
      "src/daemon/a.ts may not import demo/b.ts",
    ],
    [
      "an SDK that brings ours along",
      { "src/worker/a.ts": 'import type { B } from "../core/b.ts"; export let b: B;', "src/core/b.ts": "export type B = 1" },
      "src/worker/a.ts may not import the types of core/b.ts",
    ],
    ["an SDK with a dependency", { "src/worker/a.ts": 'import "zod";' }, "src/worker/a.ts may not import zod"],
    ["a folder nobody has thought about", { "src/utils/a.ts": "export {}" }, "src/utils/a.ts is in no folder of the table"],
    [
      "an implementation that imports its sibling",
      { "src/rules/registry.ts": 'import "./a.ts"; import "./b.ts";', "src/rules/a.ts": 'import "./b.ts";', "src/rules/b.ts": "export {}" },
      "src/rules/a.ts imports its sibling rules/b.ts",
    ],
  ];
  test.each(cases)("%s", (_what, files, violation) => {
    expect(violations(planted(files))).toContain(violation);
  });

  test("nothing that keeps to it", () => {
    const files = {
      ...outcome,
      "src/world/a.ts":
        'import fs from "node:fs"; import { success, type Outcome } from "../core/outcome.ts"; import type { O } from "../core/o.ts"; fs; success; export let o: O | Outcome;',
      "src/core/o.ts": "export type O = 1",
      "src/rules/registry.ts": 'import "./a.ts"; import type { R } from "./rule.ts"; export let r: R;',
      "src/rules/a.ts": 'import type { R } from "./rule.ts"; export let r: R;',
      "src/rules/rule.ts": "export type R = 1",
    };
    expect(violations(planted(files))).toEqual([]);
  });
});
