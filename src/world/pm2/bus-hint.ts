import { parseNotice } from "./daemon-log.ts";
import type { Pm2Hint } from "./pm2.ts";
import { decodeArgument } from "./wire.ts";

const HINTS: readonly Buffer[] = ["s:process:event", "s:pm2:kill"].map((topic) => Buffer.from(topic));
const DAEMON_LOG = Buffer.from("s:log:PM2");
const EXCEPTION = Buffer.from("s:process:exception");
/** An event carries the worker's variables; an exception its message, its stack and some lines of source. */
const EVENT_BYTES_MAX = 4 * 1024 * 1024;
const EXCEPTION_BYTES_MAX = 256 * 1024;
/** A line of the daemon's own log names an app and what became of it. */
const LINE_BYTES_MAX = 64 * 1024;

type EventKind = Exclude<Pm2Hint["kind"], "said">;

/** Events as PM2 names them; `reload` is a restart to whoever waits for a worker. */
const KINDS: Readonly<Record<string, EventKind>> = {
  exit: "exit",
  online: "online",
  start: "start",
  stop: "stop",
  restart: "restart",
  reload: "restart",
  "restart overlimit": "errored",
};

/** Bytes of a frame of this topic that are worth keeping; everything else on the bus (all log lines, all messages of workers) is skipped unread. */
export function roomFor(topic: Buffer, wantsExceptions: boolean): number {
  if (wantsExceptions && topic.equals(EXCEPTION)) return EXCEPTION_BYTES_MAX;
  if (topic.equals(DAEMON_LOG)) return LINE_BYTES_MAX;
  return HINTS.some((wanted) => wanted.equals(topic)) ? EVENT_BYTES_MAX : 0;
}

/**
 * Whose uncaught exception a frame tells, or null. The daemon itself writes whose message it is, so that no worker can speak for
 * another; that there was an exception is the worker's word alone.
 */
export function parseException(args: readonly Buffer[]): number | null {
  const [topic, payload] = args.map(decodeArgument);
  if (topic !== "process:exception" || !isRecord(payload)) return null;
  return isRecord(payload["process"]) ? pmIdOf(payload["process"]) : null;
}

/**
 * What a frame of the bus hints at, or null. Workers can publish under any topic; what they send arrives wrapped in
 * `{at, data, process}`, so the shapes the daemon itself sends tell the real ones apart. `_old_3` is the outgoing worker
 * of a reload, no row of the list.
 */
export function parseHint(args: readonly Buffer[]): Pm2Hint | null {
  const [topic, payload] = args.map(decodeArgument);
  if (!isRecord(payload)) return null;
  if (topic === "log:PM2") return said(payload);
  if ("data" in payload) return null;
  if (topic === "pm2:kill") return payload["status"] === "killed" ? { kind: "daemon-killed", pmId: null } : null;
  const { event, process } = payload;
  if (typeof event !== "string" || !isRecord(process)) return null;
  const pmId = pmIdOf(process);
  if (pmId === null) return null;
  return { kind: Object.hasOwn(KINDS, event) ? (KINDS[event] ?? "other") : "other", pmId };
}

function said(payload: Readonly<Record<string, unknown>>): Pm2Hint | null {
  const notice = parseNotice(payload);
  return notice === null ? null : { kind: "said", pmId: null, notice };
}

function pmIdOf(process: Readonly<Record<string, unknown>>): number | null {
  const pmId = process["pm_id"];
  return typeof pmId === "number" && Number.isSafeInteger(pmId) && pmId >= 0 ? pmId : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
