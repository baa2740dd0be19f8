import { Hono, type Context } from "hono";
import type { z } from "zod";
import type { Command } from "../core/event.ts";
import type { CommandReply, ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";
import { HealBody, PauseBody, PlainBody, TrimBody } from "./bodies.ts";
import { readBody } from "./read-body.ts";

const ANSWER_TIMEOUT_MS = 10_000; // the core answers within one step; this bounds a bug

/** What a person asks for. Answers `{code, text, heal_id}`; `code` is what the command line exits with. */
export function commandRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const on = <Body extends { readonly by?: string | undefined }>(
    path: string,
    schema: z.ZodType<Body>,
    commandOf: (body: Body, target: string | null) => Command,
  ): void => {
    app.post(path, async (context) => {
      const body = await readBody(context, schema);
      if (!body.ok) return context.json({ error: body.error }, body.status);
      return perform(plane, context, { by: body.value.by, command: commandOf(body.value, context.req.param("id") ?? null) });
    });
  };
  on("/api/targets/:id/heal", HealBody, ({ action, force }, target) => ({ name: "heal", target: target ?? "", action, force }));
  on("/api/targets/:id/trim", TrimBody, ({ keep, outside, dry_run: dryRun, force }, target) => {
    return { name: "trim", target: target ?? "", keep, outside, dryRun, force };
  });
  on("/api/targets/:id/reset", PlainBody, (_body, target) => ({ name: "reset", target: target ?? "" }));
  for (const scope of ["/api/targets/:id", "/api"]) {
    on(`${scope}/pause`, PauseBody, ({ for_ms: forMs, reason }, target) => ({ name: "pause", target, forMs, reason }));
    on(`${scope}/resume`, PlainBody, (_body, target) => ({ name: "resume", target }));
  }
  return app;
}

interface Order {
  readonly by: string | undefined;
  readonly command: Command;
}

async function perform(plane: ControlPlane, context: Context<ApiEnv>, { by, command }: Order): Promise<Response> {
  const reply = await answered(plane.command(nameOf(context, by), command));
  if (reply === null) return context.json({ error: "no answer within 10 s" }, 504);
  const said = { code: reply.code, text: reply.text, heal_id: reply.healId };
  if (reply.code === 0) return context.json(said);
  return context.json({ ...said, error: reply.text }, reply.code === 4 ? 409 : 400);
}

/** On the socket the command line says who asks; over the port a name is only what somebody with the token wrote. */
function nameOf(context: Context<ApiEnv>, given: string | undefined): string {
  if (context.get("by") === "socket") return given ?? "control socket";
  return given === undefined ? "api" : `${given} (api)`;
}

function answered(reply: Promise<CommandReply>): Promise<CommandReply | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ANSWER_TIMEOUT_MS);
    reply.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
