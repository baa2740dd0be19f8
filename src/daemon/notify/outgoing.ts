import type { Message } from "../../notifiers/notifier.ts";
import type { OutboxFile } from "../../record/outbox-file.ts";
import type { OutboxEntry } from "../../record/outbox-state.ts";

/** The message that has been begun and not been told yet; begun by this healer or the one before it. */
export function underWay({ state }: OutboxFile): Message | null {
  const { sending, waiting } = state;
  const notices = (sending?.ids ?? []).flatMap((id) => waiting.get(id) ?? []);
  return sending === null || notices.length === 0 ? null : { id: sending.id, heading: sending.heading, notices };
}

export function begin(outbox: OutboxFile, entries: readonly OutboxEntry[], heading: string | null): Message | null {
  const ids = entries.map(({ id }) => id);
  const [first = ""] = ids;
  outbox.apply({ op: "sending", message: { id: heading === null ? first : `${first}+${ids.length - 1}`, ids, heading } });
  return underWay(outbox);
}

/** What has to go so that the outbox keeps its bounds, one at a time: the oldest, pages last, never what is being sent. */
export function surplus(
  { state, waitingBytes }: OutboxFile,
  limits: { readonly waitingMax: number; readonly waitingBytesMax: number },
): string | null {
  if (state.waiting.size <= limits.waitingMax && waitingBytes <= limits.waitingBytesMax) return null;
  let page: string | null = null;
  for (const { id, urgent } of state.waiting.values()) {
    if (state.sending?.ids.includes(id) === true) continue;
    if (!urgent) return id;
    page ??= id;
  }
  return page;
}

export function idsOf({ notices }: Pick<Message, "notices">): readonly string[] {
  return notices.map(({ id }) => id);
}
