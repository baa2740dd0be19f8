import { parseNotice } from "./daemon-log.ts";
import type { Pm2Hint } from "./pm2.ts";
import { decodeArgument } from "./wire.ts";

/** The only topics decoded; everything else on the bus (log lines and messages of workers) is skipped unread. */
const TOPICS: readonly Buffer[] = ["s:process:event", "s:pm2:kill", "s:log:PM2"].map((topic) => Buffer.from(topic));

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

export function isWantedTopic(topic: Buffer): boolean {
  return TOPICS.some((wanted) => wanted.equals(topic));
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
  const pmId = process["pm_id"];
  if (typeof pmId !== "number" || !Number.isSafeInteger(pmId) || pmId < 0) return null;
  return { kind: Object.hasOwn(KINDS, event) ? (KINDS[event] ?? "other") : "other", pmId };
}

function said(payload: Readonly<Record<string, unknown>>): Pm2Hint | null {
  const notice = parseNotice(payload);
  return notice === null ? null : { kind: "said", pmId: null, notice };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
