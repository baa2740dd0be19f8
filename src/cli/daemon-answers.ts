import type { Explanation } from "../core/explain.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import type { TargetStatus } from "../core/status.ts";
import type { DaemonStatus } from "../daemon/status.ts";
import type { Answer, ControlClient } from "./control-client.ts";
import { EXIT, type CliIo } from "./io.ts";
import { plain } from "./terminal.ts";

export interface CommandAnswer {
  readonly code: number;
  readonly text: string;
  readonly healId: string | null;
}

export interface TargetAnswer {
  readonly status: TargetStatus | null;
  readonly explain: Explanation;
}

/** What the daemon said it could not do; `code` is what to exit with. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** The daemon is of the same package, so the outline of its answers is checked and the rest believed. */
export async function askStatus(client: ControlClient): Promise<Outcome<DaemonStatus, Refusal>> {
  const answer = await client.get("/api/status");
  if (!answer.ok) return unreachable(answer.error);
  const fields = fieldsOf(answer.value);
  if (answer.value.status !== 200 || !Array.isArray(fields["targets"]) || !Array.isArray(fields["needs_person"]))
    return notUnderstood(answer.value);
  return success(fields as unknown as DaemonStatus);
}

export async function askTarget(client: ControlClient, target: string): Promise<Outcome<TargetAnswer, Refusal>> {
  const answer = await client.get(targetPath(target));
  if (!answer.ok) return unreachable(answer.error);
  const fields = fieldsOf(answer.value);
  if (answer.value.status === 404 && typeof fields["error"] === "string") return refused(EXIT.usage, fields["error"]);
  if (answer.value.status !== 200 || typeof fields["explain"] !== "object") return notUnderstood(answer.value);
  return success(fields as unknown as TargetAnswer);
}

/** A command the daemon refused (`code` 2 or 4) is an answer like any other. */
export async function order(
  client: ControlClient,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Outcome<CommandAnswer, Refusal>> {
  const answer = await client.post(path, body);
  if (!answer.ok) return unreachable(answer.error);
  const { code, text, heal_id: healId, error } = fieldsOf(answer.value);
  if (typeof code === "number" && typeof text === "string")
    return success({ code, text, healId: typeof healId === "string" ? healId : null });
  if (answer.value.status === 400 && typeof error === "string") return refused(EXIT.usage, error);
  return notUnderstood(answer.value);
}

export function targetPath(target: string, verb?: string): string {
  return `/api/targets/${encodeURIComponent(target)}${verb === undefined ? "" : `/${verb}`}`;
}

/** Prints why and answers the exit code. */
export function giveUp(io: Pick<CliIo, "err">, { code, text }: Refusal): number {
  io.err(text);
  return code;
}

export function fieldsOf({ body }: Answer): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}

/** What the daemon says may name workers. */
function refused(code: number, said: string): Outcome<never, Refusal> {
  return failure({ code, text: plain(said) });
}

function unreachable(text: string): Outcome<never, Refusal> {
  return failure({ code: EXIT.unreachable, text });
}

function notUnderstood(answer: Answer): Outcome<never, Refusal> {
  const { error } = fieldsOf(answer);
  const said = typeof error === "string" ? error : "an answer this command does not understand; are both of one version?";
  return refused(EXIT.internal, `healer answered HTTP ${answer.status}: ${said}`);
}
