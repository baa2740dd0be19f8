import type { Files } from "../world/files/files.ts";
import { applyChange, type OutboxChange, type OutboxEntry, type OutboxState } from "./outbox-state.ts";

const FILE_BYTES_MAX = 8_000_000;

export function lineOf(change: OutboxChange): string {
  return `${JSON.stringify(change)}\n`;
}

/** Reads what the file holds into `state`; answers how many lines are not ours. Half a line at the end is what a crash leaves. */
export function loadOutbox(files: Files, path: string, state: OutboxState): number {
  const read = files.read(path, FILE_BYTES_MAX);
  if (!read.ok) return read.error.kind === "absent" ? 0 : 1;
  const lines = read.value.toString().split("\n");
  const torn = lines.pop() ?? "";
  const changes = lines.map(parseChange);
  for (const change of changes) if (change !== null) applyChange(state, change);
  return changes.filter((change) => change === null).length + (torn === "" ? 0 : 1);
}

function parseChange(line: string): OutboxChange | null {
  try {
    const value: unknown = JSON.parse(line);
    return isChange(value) ? value : null;
  } catch {
    return null;
  }
}

function isChange(value: unknown): value is OutboxChange {
  if (typeof value !== "object" || value === null || !("op" in value)) return false;
  const change = value as Record<string, unknown>;
  switch (change["op"]) {
    case "add":
      return isEntry(change["entry"]);
    case "sending":
      return isRecordOf(change["message"], { id: "string" }) && isList(Reflect.get(change["message"], "ids"));
    case "sent":
    case "lost":
      return isList(change["ids"]) && (change["op"] === "lost" || typeof change["atMs"] === "number");
    case "told":
      return true;
    case "kept":
      return isList(change["open"]) && isList(change["sent"]) && isRecordOf(change["lost"], { messages: "number", lastError: "string" });
    default:
      return false;
  }
}

function isEntry(value: unknown): value is OutboxEntry {
  return (
    isRecordOf(value, { id: "string", incidentKey: "string" }) &&
    isRecordOf(Reflect.get(value, "record"), { ts: "string", event: "string", target: "string", reason: "string", level: "string" })
  );
}

function isRecordOf(value: unknown, fields: Readonly<Record<string, string>>): value is object {
  return (
    typeof value === "object" && value !== null && Object.entries(fields).every(([name, type]) => typeof Reflect.get(value, name) === type)
  );
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
