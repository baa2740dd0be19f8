import type { Files } from "../world/files/files.ts";
import { applyChange, type OutboxChange, type OutboxEntry, type OutboxMessage, type OutboxState } from "./outbox-state.ts";

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
  if (typeof value !== "object" || value === null) return false;
  const change = value as Readonly<Record<string, unknown>>;
  switch (change["op"]) {
    case "add":
      return isEntry(change["entry"]);
    case "sending":
      return isMessage(change["message"]);
    case "sent":
      return isTexts(change["ids"]) && typeof change["atMs"] === "number";
    case "lost":
      return isTexts(change["ids"]) && typeof change["why"] === "string";
    case "told":
      return true;
    case "kept":
      return isKept(change);
    default:
      return false;
  }
}

function isKept({ open, sent, sending, lost }: Readonly<Record<string, unknown>>): boolean {
  return (
    isListOf(
      open,
      (pair) => isListOf(pair, () => true) && typeof pair[0] === "string" && has(pair[1], { event: "string", atMs: "number" }),
    ) &&
    isListOf(sent, (one) => has(one, { atMs: "number", urgent: "boolean" })) &&
    (sending === null || isMessage(sending)) &&
    has(lost, { messages: "number", lastError: "string" }) &&
    isTexts(Reflect.get(lost, "which"))
  );
}

function isEntry(value: unknown): value is OutboxEntry {
  return (
    has(value, { id: "string", incidentKey: "string" }) &&
    has(Reflect.get(value, "record"), {
      ts: "string",
      event: "string",
      target: "string",
      reason: "string",
      level: "string",
      host: "string",
    })
  );
}

function isMessage(value: unknown): value is OutboxMessage {
  return (
    has(value, { id: "string" }) &&
    isTexts(Reflect.get(value, "ids")) &&
    ["string", "object"].includes(typeof Reflect.get(value, "heading"))
  );
}

function has(value: unknown, fields: Readonly<Record<string, string>>): value is object {
  return (
    typeof value === "object" && value !== null && Object.entries(fields).every(([name, type]) => typeof Reflect.get(value, name) === type)
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return isListOf(value, (one) => typeof one === "string");
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isOne);
}
