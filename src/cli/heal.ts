import type { Outcome } from "../core/outcome.ts";
import { printableJson } from "../record/printable.ts";
import { pause } from "../world/clock/pause.ts";
import { controlClient, type ControlClient } from "./control-client.ts";
import { askTarget, fieldsOf, giveUp, order, targetPath, type Refusal } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { plain, type Terminal } from "./terminal.ts";
import { failure, success } from "../core/outcome.ts";

export interface HealCommand {
  readonly target: string;
  readonly action?: string;
  /** Guards to override, by name. */
  readonly force?: readonly string[];
  /** Also wait for the verdict, a grace period later. */
  readonly wait?: boolean;
  readonly json?: boolean;
}

export interface HealRecord {
  readonly event: string;
  readonly reason: string;
  readonly ok: boolean;
  readonly verdict: string | null;
}

const POLL_MS = 250;
const WORKING = ["intent", "acting", "rolling"];

/**
 * `healer heal TARGET`: the same guards, journal and log as healer's own heals. Waits for the action: 0 it ran, 4 a guard
 * refused (at once, or when PM2 was asked again), 5 it failed.
 */
export async function runHeal(command: HealCommand, terminal: Terminal): Promise<number> {
  const client = controlClient(terminal);
  const startedWallMs = Date.now();
  const body = { by: terminal.user, action: command.action ?? null, force: command.force ?? [] };
  const ordered = await order(client, targetPath(command.target, "heal"), body);
  if (!ordered.ok) return giveUp(terminal, ordered.error);
  const { code, text, healId } = ordered.value;
  if (code !== 0 || healId === null) {
    terminal.err(plain(text));
    return code;
  }
  if (command.json !== true) terminal.out(plain(`${text} (heal ${healId})`));
  const ended = await followHeal(client, { ...command, healId, sinceWallMs: startedWallMs - 60_000 }, (record) => {
    if (command.json !== true) terminal.out(plain(`${record.event}: ${record.reason}`));
  });
  if (!ended.ok) return giveUp(terminal, ended.error);
  if (command.json === true) terminal.out(printableJson({ heal_id: healId, ok: ended.value === EXIT.fine, code: ended.value }));
  return ended.value;
}

/** Waits until nothing more is done, telling each record; answers the exit code, 4 where it was aborted. */
export async function followHeal(
  client: ControlClient,
  heal: { readonly target: string; readonly healId: string; readonly sinceWallMs: number; readonly wait?: boolean },
  tell: (record: HealRecord) => void,
): Promise<Outcome<number, Refusal>> {
  for (let told = 0; ; await pause(POLL_MS)) {
    const asked = await askTarget(client, heal.target); // before the records: what is over has all its records written
    if (!asked.ok) return asked;
    const records = await recordsOf(client, heal);
    if (!records.ok) return records;
    for (const record of records.value.slice(told)) if (record.event !== "heal_intent") tell(record);
    told = Math.max(told, records.value.length);
    const verdict = records.value.find((record) => record.verdict !== null)?.verdict ?? null;
    if (verdict === "aborted") return success(EXIT.refused);
    if (records.value.some((record) => record.event === "heal_action" && !record.ok)) return success(EXIT.failed);
    if (verdict !== null) return success(verdict === "failed" ? EXIT.failed : EXIT.fine);
    if (heal.wait !== true && !WORKING.includes(asked.value.status?.phase ?? "")) return success(EXIT.fine);
  }
}

async function recordsOf(
  client: ControlClient,
  heal: { readonly healId: string; readonly sinceWallMs: number },
): Promise<Outcome<readonly HealRecord[], Refusal>> {
  const answer = await client.get(`/api/heals?since=${heal.sinceWallMs}`);
  if (!answer.ok) return failure({ code: EXIT.unreachable, text: answer.error });
  const { records } = fieldsOf(answer.value);
  if (!Array.isArray(records)) return failure({ code: EXIT.internal, text: "healer's answer holds no records" });
  return success(
    (records as readonly Readonly<Record<string, unknown>>[]).filter((record) => record["heal_id"] === heal.healId).map(recordOf),
  );
}

function recordOf(fields: Readonly<Record<string, unknown>>): HealRecord {
  const { event, reason, ok, verdict } = fields;
  return { event: String(event), reason: String(reason), ok: ok !== false, verdict: typeof verdict === "string" ? verdict : null };
}
