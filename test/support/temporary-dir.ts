import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder of its own, removed when the test ends. Short, because sockets live in such folders. */
export function temporaryDir(): string {
  const path = mkdtempSync(join(tmpdir(), "h-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
