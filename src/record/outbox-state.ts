import type { SealedRecord } from "../core/sealed-record.ts";

/** A record that waits to be told to one channel. */
export interface OutboxEntry {
  readonly id: string;
  readonly record: SealedRecord;
  /** Wakes a person, or ends what did. */
  readonly urgent: boolean;
  /** It came in quiet hours. */
  readonly quiet: boolean;
  readonly incidentKey: string;
  readonly part: "opens" | "again" | "closes" | null;
  readonly resolved: boolean;
}

/** A message stays as it was first sent, so that another try, also after a restart, says the same under the same id. */
export interface OutboxMessage {
  readonly id: string;
  readonly ids: readonly string[];
  /** Null = a single record, and its id. */
  readonly heading: string | null;
}

/** The opening of a trouble that this channel was told of, or will be. */
export interface OpenIncident {
  readonly event: string;
  readonly atMs: number;
  readonly urgent: boolean;
}

export interface Losses {
  readonly messages: number;
  /** "circuit_open rpa-worker:0 (m3x-…)", the first ones. */
  readonly which: readonly string[];
  readonly lastError: string;
}

/** All that one channel remembers. Wall times. */
export interface OutboxState {
  readonly waiting: Map<string, OutboxEntry>;
  readonly open: Map<string, OpenIncident>;
  /** Messages of the last hour. */
  sent: readonly { readonly atMs: number; readonly urgent: boolean }[];
  sending: OutboxMessage | null;
  /** Not reported yet. */
  lost: Losses;
}

export type OutboxChange =
  | { readonly op: "add"; readonly entry: OutboxEntry }
  | { readonly op: "sending"; readonly message: OutboxMessage }
  | { readonly op: "sent"; readonly ids: readonly string[]; readonly atMs: number; readonly urgent: boolean }
  | { readonly op: "lost"; readonly ids: readonly string[]; readonly why: string }
  /** The losses stand in the heal log. */
  | { readonly op: "told" }
  /** Everything but what waits; begins a file that was written anew. */
  | {
      readonly op: "kept";
      readonly open: readonly (readonly [string, OpenIncident])[];
      readonly sent: OutboxState["sent"];
      readonly sending: OutboxMessage | null;
      readonly lost: Losses;
    };

const HOUR_MS = 3_600_000;
const OPEN_MAX = 1_000;
const WHICH_MAX = 20;

export function emptyOutbox(): OutboxState {
  return { waiting: new Map(), open: new Map(), sent: [], sending: null, lost: noLosses() };
}

/** The only way a state changes, now and when the file is read again. */
export function applyChange(state: OutboxState, change: OutboxChange): void {
  switch (change.op) {
    case "add":
      return add(state, change.entry);
    case "sending":
      state.sending = change.message;
      return;
    case "sent":
      state.sent = [...state.sent.filter(({ atMs }) => change.atMs - atMs < HOUR_MS), { atMs: change.atMs, urgent: change.urgent }];
      return drop(state, change.ids);
    case "lost":
      return lose(state, change);
    case "told":
      state.lost = noLosses();
      return;
    case "kept":
      for (const [key, incident] of change.open) state.open.set(key, incident);
      state.sent = change.sent;
      state.sending = change.sending;
      state.lost = change.lost;
      return;
    default:
      change satisfies never;
  }
}

export function keptOf({ open, sent, sending, lost }: OutboxState): OutboxChange {
  return { op: "kept", open: [...open], sent, sending, lost };
}

function add({ waiting, open }: OutboxState, entry: OutboxEntry): void {
  const { id, record, incidentKey, part, urgent } = entry;
  waiting.set(id, entry);
  if (part === "closes") open.delete(incidentKey);
  if (part !== "opens") return;
  open.delete(incidentKey);
  open.set(incidentKey, { event: record.event, atMs: Date.parse(record.ts), urgent });
  if (open.size > OPEN_MAX) for (const oldest of [...open.keys()].slice(0, 1)) open.delete(oldest);
}

function drop(state: OutboxState, ids: readonly string[]): void {
  for (const id of ids) state.waiting.delete(id);
  const { sending } = state;
  if (sending !== null && ids.some((id) => sending.ids.includes(id))) state.sending = null;
}

/** Who was not told of an opening has to be told of the next one. The loss of a failure to notify is no news: two dead channels would tell each other for ever. */
function lose(state: OutboxState, { ids, why }: { readonly ids: readonly string[]; readonly why: string }): void {
  const entries = ids.flatMap((id) => state.waiting.get(id) ?? []);
  for (const { part, incidentKey } of entries) if (part === "opens") state.open.delete(incidentKey);
  drop(state, ids);
  const news = entries.filter(({ record }) => record.event !== "notify_failed");
  if (news.length === 0) return;
  const which = [...state.lost.which, ...news.map(({ id, record }) => `${record.event} ${record.target} (${id})`)];
  state.lost = { messages: state.lost.messages + news.length, which: which.slice(0, WHICH_MAX), lastError: why };
}

function noLosses(): Losses {
  return { messages: 0, which: [], lastError: "" };
}
