import { clock, plural } from "../../core/words.ts";
import type { OutboxEntry, OutboxState } from "../../record/outbox-state.ts";

/** What a channel does next: send these, a single one or a digest; or nothing before an instant. */
export type Plan =
  | { readonly send: readonly OutboxEntry[]; readonly heading: string | null; readonly waitMs?: never }
  | { readonly waitMs: number; readonly send?: never };

export interface PlanOptions {
  readonly nowMs: number;
  /** When the quiet hours end that it is now; null = it is not. */
  readonly quietEndMs: number | null;
  readonly quietExceptPages: boolean;
  readonly groupMs: number;
  readonly maxPerHour: number;
  readonly singly: boolean;
  /** When a message about this event and target was last sent. */
  readonly lastSentMs: (entry: OutboxEntry) => number | null;
}

const HOUR_MS = 3_600_000;

/** Oldest first, save what waits for the end of its group, of the quiet hours or of a full hour. Null = nothing waits. */
export function nextMessage(state: OutboxState, options: PlanOptions): Plan | null {
  const waiting = [...state.waiting.values()];
  if (waiting.length === 0) return null;
  const rooms = { pages: hourHasRoomMs(state, true, options), others: hourHasRoomMs(state, false, options) };
  let soonest = Infinity;
  for (const entry of waiting) {
    const due = dueMs(entry, entry.urgent ? rooms.pages : rooms.others, options);
    if (due <= options.nowMs) return options.singly ? { send: [entry], heading: null } : compose(state, entry, options);
    soonest = Math.min(soonest, due);
  }
  return { waitMs: soonest - options.nowMs };
}

function dueMs(entry: OutboxEntry, roomMs: number, options: PlanOptions): number {
  const { nowMs, quietEndMs, singly } = options;
  if (quietEndMs !== null && !passesQuiet(entry, options)) return quietEndMs;
  if (singly && entry.urgent) return nowMs;
  if (entry.urgent || singly) return Math.max(nowMs, roomMs);
  return Math.max(nowMs, roomMs, (options.lastSentMs(entry) ?? -Infinity) + options.groupMs);
}

function passesQuiet(entry: OutboxEntry, { quietExceptPages }: PlanOptions): boolean {
  return quietExceptPages && entry.urgent;
}

function wasHeld(entry: OutboxEntry, options: PlanOptions): boolean {
  return entry.quiet && !passesQuiet(entry, options);
}

/** Pages are counted apart: no flood of other records may keep one back. */
function hourHasRoomMs(state: OutboxState, urgent: boolean, { nowMs, maxPerHour }: PlanOptions): number {
  const sent = sentWithin(state, urgent, nowMs);
  return sent.length < maxPerHour ? nowMs : (sent.at(-maxPerHour) ?? nowMs) + HOUR_MS;
}

/** Instants of the future were stamped before somebody set the clock back. */
function sentWithin(state: OutboxState, urgent: boolean, nowMs: number): readonly number[] {
  const ofKind = state.sent.filter((one) => one.urgent === urgent && one.atMs <= nowMs && nowMs - one.atMs < HOUR_MS);
  return ofKind.map(({ atMs }) => atMs);
}

function compose(state: OutboxState, first: OutboxEntry, options: PlanOptions): Plan {
  const { nowMs, maxPerHour } = options;
  const ready = [...state.waiting.values()].filter(
    (one) => one.urgent === first.urgent && (options.quietEndMs === null || passesQuiet(one, options)),
  );
  const sent = sentWithin(state, first.urgent, nowMs);
  const left = maxPerHour - sent.length;
  const rest = `further ones wait until ${clock((sent[0] ?? nowMs) + HOUR_MS, nowMs)}; all of them stand in healer log`;
  if (left === 1)
    return {
      send: ready,
      heading: `${plural(ready.length, "message")}, the last before the limit of ${maxPerHour} an hour is reached: ${rest}`,
    };
  if (ready.length > left)
    return { send: ready, heading: `${plural(ready.length, "message")} at once; the limit is ${maxPerHour} an hour` };
  const quiet = [...state.waiting.values()].filter((one) => wasHeld(one, options));
  if (wasHeld(first, options) && quiet.length > 1) return { send: quiet, heading: `${plural(quiet.length, "message")} of the quiet hours` };
  if (first.urgent || options.groupMs === 0) return { send: [first], heading: null };
  const alike = ready.filter(({ record }) => record.event === first.record.event && record.target === first.record.target);
  if (alike.length === 1) return { send: [first], heading: null };
  return { send: alike, heading: `${plural(alike.length, "message")} of one kind: ${first.record.event} ${first.record.target}` };
}
