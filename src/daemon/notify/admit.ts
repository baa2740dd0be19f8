import { incidentPart, type IncidentPart } from "../../notifiers/incident-key.ts";
import type { ChannelKeys } from "../../notifiers/channel-keys.ts";
import { isPage, selects } from "../../notifiers/selection.ts";
import type { LogEvent } from "../../core/log-record.ts";
import type { SealedRecord } from "../../core/sealed-record.ts";
import type { OpenIncident, OutboxEntry, OutboxState } from "../../record/outbox-state.ts";

const TOLD_AGAIN_AFTER_MS = 24 * 3_600_000; // an end may be missed while healer is away; a page must not be lost for ever for it

/** The core looks anew after a restart and says of these neither that they go on nor that they are over. */
const NOT_REMEMBERED: readonly LogEvent[] = ["pm2_lost", "sensor_blind", "pressure", "alert"];

/**
 * Whether a channel is told of this record. An opening once, as long as it lasts; the end also where `on` does not select it,
 * because who was called has to hear that it is over.
 */
export function admit(
  { id, record, quiet }: Pick<OutboxEntry, "id" | "record" | "quiet">,
  { on, startedMs }: Pick<ChannelKeys, "on"> & { readonly startedMs: number },
  state: OutboxState,
): OutboxEntry | null {
  const incident = incidentPart(record);
  const open = incident === null ? undefined : state.open.get(incident.key);
  const ends = incident?.part === "closes" && open !== undefined;
  if (!ends && !selects(on, record)) return null;
  if (incident?.part === "opens" && isTold(open, record, startedMs)) return null;
  const urgent = isPage(record) || (ends && open.urgent);
  const resolved = ends || (incident?.part === "closes" && record.event !== "target_gone");
  return { id, record, urgent, quiet, incidentKey: keyOf(incident, id), part: incident?.part ?? null, resolved };
}

/** An alert after a warning of the same trouble is news; so is a trouble whose end may have fallen between two healers. */
function isTold(open: OpenIncident | undefined, { event, ts }: SealedRecord, startedMs: number): boolean {
  if (open === undefined || open.event !== event) return false;
  if (NOT_REMEMBERED.includes(event) && open.atMs < startedMs) return false;
  return Date.parse(ts) - open.atMs < TOLD_AGAIN_AFTER_MS;
}

function keyOf(incident: IncidentPart | null, id: string): string {
  return incident?.key ?? id;
}
