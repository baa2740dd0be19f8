import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemFiles } from "../../../src/world/files/system-files.ts";
import { failingSync, faultyCalls, fullDisk, osError, shortWrites } from "../../support/faulty-files.ts";
import { temporaryDir } from "../../support/temporary-dir.ts";

const files = systemFiles();

function opened(path: string, from = files) {
  const file = from.openAppend(path, "any");
  if (!file.ok) throw new Error(file.error.message);
  return file.value;
}

test("a folder is made 0700 and a file 0600", () => {
  const dir = join(temporaryDir(), "a", "b");
  expect(files.makeDir(dir)).toEqual({ ok: true, value: null });
  expect(files.makeDir(dir)).toEqual({ ok: true, value: null });
  opened(join(dir, "x")).close();
  files.replace(join(dir, "y"), "y");
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, "x")).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, "y")).mode & 0o777).toBe(0o600);
});

test("an append is whole although the kernel takes three bytes at a time", () => {
  const path = join(temporaryDir(), "log");
  const file = opened(path, systemFiles(faultyCalls(shortWrites(3))));
  expect(file.write(Buffer.from("0123456789"))).toEqual({ ok: true, value: null });
  file.close();
  expect(readFileSync(path, "utf8")).toBe("0123456789");
});

test("a full disk is a value of kind full, and says which file", () => {
  const path = join(temporaryDir(), "log");
  const file = opened(path, systemFiles(faultyCalls(fullDisk({ bytes: 4 }))));
  expect(file.write(Buffer.from("0123456789"))).toEqual({ ok: false, error: { kind: "full", message: `cannot write ${path}: ENOSPC` } });
  file.close();
  expect(readFileSync(path, "utf8")).toBe("0123");
});

test("a bug inside the door is thrown, not returned", () => {
  const broken = systemFiles(
    faultyCalls({
      statSync: () => {
        throw new TypeError("bug");
      },
    }),
  );
  expect(() => broken.facts("/")).toThrow("bug");
});

test("opening a new file refuses one that exists", () => {
  const path = join(temporaryDir(), "log");
  writeFileSync(path, "");
  expect(files.openAppend(path, "new")).toMatchObject({ ok: false, error: { kind: "exists" } });
});

test.each([
  ["absent", "reading no file", (dir: string) => files.read(join(dir, "no"), 10)],
  ["absent", "listing no folder", (dir: string) => files.list(join(dir, "no"))],
  ["absent", "removing no file", (dir: string) => files.remove(join(dir, "no"))],
  ["absent", "opening no file", (dir: string) => files.openRead(join(dir, "no"))],
  ["too-large", "reading a byte too many", (dir: string) => files.read(join(dir, "eleven"), 10)],
  ["absent", "making a folder where none can be", () => files.makeDir("/proc/no/such/folder")],
  ["exists", "making a folder where a file is", (dir: string) => files.makeDir(join(dir, "eleven"))],
  ["failed", "reading a folder", (dir: string) => files.read(dir, 10)],
])("answers %s and does not throw on %s", (kind, _, act) => {
  const dir = temporaryDir();
  writeFileSync(join(dir, "eleven"), "01234567890");
  expect(act(dir)).toMatchObject({ ok: false, error: { kind } });
});

test("reads a file of exactly the permitted size", () => {
  const path = join(temporaryDir(), "ten");
  writeFileSync(path, "0123456789");
  const read = files.read(path, 10);
  expect(read.ok && read.value.toString()).toBe("0123456789");
});

test.each([
  ["the data cannot be synced", (): object => failingSync(() => true)],
  ["the disk is full", (): object => fullDisk({ bytes: 2 })],
  [
    "the rename fails",
    (): object => ({
      renameSync: () => {
        throw osError("EIO", "rename");
      },
    }),
  ],
])("a replace leaves the old content and no temporary file when %s", (_, faults) => {
  const dir = temporaryDir();
  const path = join(dir, "state");
  files.replace(path, "old");
  const sick = systemFiles(faultyCalls(faults()));
  expect(sick.replace(path, "new content")).toMatchObject({ ok: false });
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(files.list(dir)).toEqual({ ok: true, value: ["state"] });
});

test("a replace keeps the previous content where it is asked to", () => {
  const dir = temporaryDir();
  const path = join(dir, "state");
  for (const content of ["one", "two", "three"]) expect(files.replace(path, content, `${path}.bak`)).toMatchObject({ ok: true });
  expect(readFileSync(path, "utf8")).toBe("three");
  expect(readFileSync(`${path}.bak`, "utf8")).toBe("two");
});

test("a folder that cannot be synced by its nature is no failure, one that fails to sync is", () => {
  const dir = temporaryDir();
  const refusing = (code: string) =>
    systemFiles(
      faultyCalls({
        fsyncSync: () => {
          throw osError(code, "fsync");
        },
      }),
    );
  expect(refusing("EINVAL").syncDir(dir)).toMatchObject({ ok: true });
  expect(refusing("EIO").syncDir(dir)).toMatchObject({ ok: false });
});

test("two names of one file have one identity, before and after a rename", () => {
  const dir = temporaryDir();
  const file = opened(join(dir, "a"));
  const before = file.facts();
  files.rename(join(dir, "a"), join(dir, "b"));
  const after = files.facts(join(dir, "b"));
  expect(before.ok && after.ok && before.value.identity === after.value.identity).toBe(true);
  file.close();
});

test("a real path follows links as far as the path exists", () => {
  const dir = files.realPath(temporaryDir());
  symlinkSync(dir, join(dir, "link"));
  expect(files.realPath(join(dir, "link", "not", "there"))).toBe(join(dir, "not", "there"));
});
