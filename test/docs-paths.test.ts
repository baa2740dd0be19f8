import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** Paths a text names: in `code` or as the target of a link. Globs, placeholders and addresses are not paths. */
function namedPaths(text: string): string[] {
  const inCode = [...text.matchAll(/`([^`\n]+)`/g)]
    .flatMap((match) => (match[1] ?? "").split(/\s+/))
    .filter((word) => /^(src|test|docs|bench|\.ci)\//.test(word));
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "").filter((target) => !/^(\w+:|#)/.test(target));
  const inTree = [...text.matchAll(/^\s*((?:src|test|docs|bench|\.ci)\/[\w./-]*)\s/gm)].map((match) => match[1] ?? "");
  return [...inCode, ...links.map((target) => `link:${target.replace(/#.*$/, "")}`), ...inTree]
    .filter((path) => !/[*<>{}$…]/.test(path))
    .map((path) => path.replace(/[.,:;)]+$/, ""));
}

function missing(file: string, text: string): string[] {
  const absolute = (path: string): string => (path.startsWith("link:") ? join(ROOT, dirname(file), path.slice(5)) : join(ROOT, path));
  return namedPaths(text)
    .filter((path) => !existsSync(absolute(path)))
    .map((path) => `${file} names ${path.replace("link:", "")}`);
}

function documents(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => relative(ROOT, join(folder, name)));
}

test("every path that README, change log and docs name exists", () => {
  const files = ["README.md", "CHANGELOG.md", ...documents(join(ROOT, "docs"))];
  const texts = files.map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }));
  expect(texts.flatMap(({ text }) => namedPaths(text)).length, "paths found at all").toBeGreaterThan(10);
  expect(texts.flatMap(({ file, text }) => missing(file, text))).toEqual([]);
});

test("every decision stands in the index", () => {
  const index = readFileSync(join(ROOT, "docs/decisions/README.md"), "utf8");
  const decisions = readdirSync(join(ROOT, "docs/decisions")).filter((name) => /^\d{4}-/.test(name));
  expect(decisions.length).toBeGreaterThan(3);
  expect(decisions.filter((name) => !index.includes(`(${name})`))).toEqual([]);
});

test.each(["see `src/core/gone.ts`", "run `node bench/gone.ts --fast`", "[a page](gone.md)", "```\nsrc/gone/   the gone folder\n```"])(
  "a text that says %j is caught",
  (text) => {
    expect(missing("README.md", text)).toHaveLength(1);
  },
);

test.each([
  "`src/core/observation.ts`.",
  "[core](src/core/)",
  "[web](https://example.org/src/x)",
  "`src/<folder>/<name>.ts`",
  "src/ and more in prose",
])("a text that says %j is not", (text) => {
  expect(missing("README.md", text)).toEqual([]);
});
