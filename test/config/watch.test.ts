import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchConfig, type WatchOptions } from "../../src/config/watch.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const POLL_MS = 100;

interface Seen {
  readonly texts: string[];
  readonly troubles: string[];
}

function watching(file: string, options: WatchOptions = {}): Seen {
  const seen: Seen = { texts: [], troubles: [] };
  const watch = watchConfig(file, (text) => seen.texts.push(text), {
    pollMs: POLL_MS,
    onTrouble: (message) => seen.troubles.push(message),
    ...options,
  });
  onTestFinished(() => watch.stop());
  return seen;
}

function fileWith(text: string): string {
  const file = join(temporaryDir(), "h.yaml");
  writeFileSync(file, text);
  return file;
}

test("an edit in place is reported once, with its whole text", async () => {
  const file = fileWith("a");
  const seen = watching(file, { known: "a" });
  writeFileSync(file, "b");
  await until(() => seen.texts.length > 0, "the edit");
  writeFileSync(file, "c");
  await until(() => seen.texts.length > 1, "the next edit");
  expect(seen.texts).toEqual(["b", "c"]);
});

test("an edit is heard without waiting for the next look at the content", async () => {
  const file = fileWith("a");
  const seen = watching(file, { known: "a", pollMs: 3_600_000 });
  const edit = setInterval(() => appendFileSync(file, "b"), 1000); // the first may come before the watch has begun
  await until(() => seen.texts.length > 0, "the edit").finally(() => clearInterval(edit));
  expect(seen.texts[0]).toMatch(/^ab+$/);
});

test("a file that changed between loading and watching is news at once", async () => {
  const seen = watching(fileWith("now"), { known: "loaded before" });
  await until(() => seen.texts.length > 0, "the difference");
  expect(seen.texts).toEqual(["now"]);
});

test("an editor that writes a new file and renames it over the old one is heard, again and again", async () => {
  const file = fileWith("0");
  const seen = watching(file, { known: "0" });
  for (const text of ["1", "2", "3"]) {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
    await until(() => seen.texts.at(-1) === text, `text ${text}`);
  }
  expect(seen.texts).toEqual(["1", "2", "3"]);
});

test("a file that goes away is said once and changes nothing; when it is back its text counts", async () => {
  const file = fileWith("a");
  const seen = watching(file, { known: "a" });
  rmSync(file);
  await until(() => seen.troubles.length > 0, "the trouble");
  writeFileSync(file, "b");
  await until(() => seen.texts.length > 0, "the new file");
  expect(seen).toEqual({ texts: ["b"], troubles: [`cannot read ${file}: ENOENT`] });
});

test("a file that was away and is back is reported even if its text is the one before: whoever was told of the loss is told of the end", async () => {
  const file = fileWith("a");
  const seen = watching(file, { known: "a" });
  renameSync(file, `${file}.away`);
  await until(() => seen.troubles.length > 0, "the trouble");
  renameSync(`${file}.away`, file);
  await until(() => seen.texts.length > 0, "its return");
  expect(seen.texts).toEqual(["a"]);
});

test("an editor that removes the file for a moment and writes it anew makes no trouble", async () => {
  const file = fileWith("0");
  const seen = watching(file, { known: "0", pollMs: 5 });
  for (const text of ["1", "2", "3"]) {
    rmSync(file);
    await new Promise((resolve) => setTimeout(resolve, 50)); // the editor, writing
    writeFileSync(file, text);
    await until(() => seen.texts.at(-1) === text, `text ${text}`);
  }
  expect(seen).toEqual({ texts: ["1", "2", "3"], troubles: [] });
});

test("a folder that is replaced as a whole does not end the watch", async () => {
  const folder = join(temporaryDir(), "etc");
  mkdirSync(folder);
  writeFileSync(join(folder, "h.yaml"), "a");
  const seen = watching(join(folder, "h.yaml"), { known: "a" });
  renameSync(folder, `${folder}.old`);
  await until(() => seen.troubles.length > 0, "the trouble");
  mkdirSync(folder);
  writeFileSync(join(folder, "h.yaml"), "b");
  await until(() => seen.texts.length > 0, "the new folder");
  expect(seen.texts).toEqual(["b"]);
});

test("a symbolic link swapped above the file, as Kubernetes mounts do it, is seen", async () => {
  const mount = temporaryDir();
  for (const version of ["1", "2"]) {
    mkdirSync(join(mount, `..v${version}`));
    writeFileSync(join(mount, `..v${version}`, "h.yaml"), `version ${version}`);
  }
  symlinkSync("..v1", join(mount, "..data"));
  symlinkSync(join("..data", "h.yaml"), join(mount, "h.yaml"));
  const seen = watching(join(mount, "h.yaml"), { known: "version 1" });
  symlinkSync("..v2", join(mount, "..data_tmp"));
  renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
  await until(() => seen.texts.length > 0, "the swap");
  expect(seen.texts).toEqual(["version 2"]);
});

test("a file written in pieces is reported when it is whole, never half", async () => {
  const file = fileWith("old");
  const seen = watching(file, { known: "old" });
  const pieces = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
  writeFileSync(file, "");
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const piece = pieces.shift();
      if (piece !== undefined) return appendFileSync(file, piece);
      clearInterval(timer);
      resolve();
    }, 40);
  });
  await until(() => seen.texts.length > 0, "the whole file");
  expect(seen.texts.map((text) => text.split("\n").length)).toEqual([21]);
});

test("touching the file, or writing the same text again, is no news", async () => {
  const file = fileWith("a");
  const seen = watching(file, { known: "a" });
  utimesSync(file, 1, 1);
  writeFileSync(file, "a");
  writeFileSync(`${file}.new`, "b"); // another file of the folder is none of ours
  renameSync(`${file}.new`, `${file}.other`);
  const later = watching(file, { known: "something else" });
  await until(() => later.texts.length > 0, "a later watch to find its first text settled");
  writeFileSync(file, "c");
  await until(() => seen.texts.length > 0, "the real edit");
  expect(seen.texts).toEqual(["c"]);
});

test("a folder in the file's place is trouble, not a text and not a hang", async () => {
  const place = join(temporaryDir(), "h.yaml");
  mkdirSync(place);
  const seen = watching(place, { known: "a" });
  await until(() => seen.troubles.length > 0, "the trouble");
  expect(seen).toEqual({ texts: [], troubles: [`cannot read ${place}: it is no plain file`] });
});

test("after stop nothing is reported any more", async () => {
  const file = fileWith("a");
  const other = watching(file, { known: "a" });
  const texts: string[] = [];
  const watch = watchConfig(file, (text) => texts.push(text), { known: "a", pollMs: POLL_MS });
  await watch.stop();
  writeFileSync(file, "b");
  await until(() => other.texts.length > 0, "somebody else to see the edit");
  expect(texts).toEqual([]);
});
