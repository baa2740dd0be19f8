import { randomBytes } from "node:crypto";
import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { SealedRecord } from "../../core/sealed-record.ts";
import type { Message, Notifier } from "../../notifiers/notifier.ts";

/** What became of a test message. */
export interface ChannelTrial {
  readonly channel: string;
  readonly took_ms: number;
  /** Null = delivered. */
  readonly error: string | null;
}

const TRIAL_MS = 10_000;

/** A test message through every channel at once, or through the one of that name; past its outbox, its hours and its limits. */
export async function tryChannels(
  notifiers: readonly Notifier[],
  test: { readonly channel: string | null; readonly by: string } & Pick<SealedRecord, "host" | "config"> & { readonly wallMs: number },
): Promise<Outcome<readonly ChannelTrial[], string>> {
  const names = notifiers.map(({ name }) => name);
  if (names.length === 0) return failure("no channel is configured: there is no notify:");
  const chosen = notifiers.filter(({ name }) => test.channel === null || name === test.channel);
  if (chosen.length === 0) return failure(`no channel "${test.channel}"; there are ${names.join(", ")}`);
  return success(await Promise.all(chosen.map((notifier) => tryOne(notifier, testMessage(test)))));
}

async function tryOne(notifier: Notifier, message: Message): Promise<ChannelTrial> {
  const startedMs = performance.now();
  const sent = await notifier.send(message, AbortSignal.timeout(TRIAL_MS));
  const took = Math.round(performance.now() - startedMs);
  return { channel: notifier.name, took_ms: took, error: sent.ok ? null : sent.error.message };
}

function testMessage({ by, host, config, wallMs }: Parameters<typeof tryChannels>[1]): Message {
  const id = `test-${randomBytes(5).toString("hex")}`;
  const reason = `a test by ${by}: nothing is wrong, messages of healer arrive here`;
  const ts = new Date(wallMs).toISOString();
  const record: SealedRecord = { level: "info", event: "alert", target: "healer", strategy: null, reason, ts, host, config, v: 1 };
  return { id, heading: null, notices: [{ id, record, incidentKey: id, resolved: false }] };
}
