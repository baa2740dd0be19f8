import { Hono, type Context } from "hono";
import { z } from "zod";
import type { Command } from "../core/event.ts";
import type { CommandReply, ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";
import { readBody } from "./read-body.ts";

const PAUSE_DEFAULT_MS = 3_600_000;
const PAUSE_MAX_MS = 366 * 86_400_000;
const ANSWER_TIMEOUT_MS = 10_000; // the core answers within one step; this bounds a bug

const BY = { by: z.string().trim().min(1).max(100).optional() };
const HEAL = z.strictObject({
  action: z.string().max(100).nullable().default(null),
  force: z.array(z.string().max(100)).max(20).default([]),
  ...BY,
});
const PAUSE = z.strictObject({
  /** null = until resumed. */
  for_ms: z.int().min(1_000).max(PAUSE_MAX_MS).nullable().default(PAUSE_DEFAULT_MS),
  reason: z.string().max(500).default(""),
  ...BY,
});
const TRIM = z.strictObject({
  keep: z.int("expected a whole number of workers").min(1, "expected at least 1").max(10_000),
  /** null = as the configuration says. */
  outside: z.enum(["none", "orphans", "all"]).nullable().default(null),
  dry_run: z.boolean().default(false),
  force: z.array(z.string().max(100)).max(20).default([]),
  ...BY,
});
const PLAIN = z.strictObject(BY);

/** What a person asks for. Answers `{code, text, heal_id}`; `code` is what the command line exits with. */
export function commandRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const perform = async (context: Context<ApiEnv>, given: string | undefined, command: Command): Promise<Response> => {
    const reply = await answered(plane.command(nameOf(context, given), command));
    if (reply === null) return context.json({ error: "no answer within 10 s" }, 504);
    const said = { code: reply.code, text: reply.text, heal_id: reply.healId };
    if (reply.code === 0) return context.json(said);
    return context.json({ ...said, error: reply.text }, reply.code === 4 ? 409 : 400);
  };
  app.post("/api/targets/:id/heal", async (context) => {
    const body = await readBody(context, HEAL);
    if (!body.ok) return context.json({ error: body.error }, body.status);
    const { action, force, by } = body.value;
    return perform(context, by, { name: "heal", target: context.req.param("id"), action, force });
  });
  app.post("/api/targets/:id/trim", async (context) => {
    const body = await readBody(context, TRIM);
    if (!body.ok) return context.json({ error: body.error }, body.status);
    const { keep, outside, dry_run: dryRun, force, by } = body.value;
    return perform(context, by, { name: "trim", target: context.req.param("id"), keep, outside, dryRun, force });
  });
  for (const path of ["/api/targets/:id/pause", "/api/pause"]) {
    app.post(path, async (context) => {
      const body = await readBody(context, PAUSE);
      if (!body.ok) return context.json({ error: body.error }, body.status);
      const { for_ms: forMs, reason, by } = body.value;
      return perform(context, by, { name: "pause", target: context.req.param("id") ?? null, forMs, reason });
    });
  }
  for (const path of ["/api/targets/:id/resume", "/api/resume"]) {
    app.post(path, async (context) => {
      const body = await readBody(context, PLAIN);
      if (!body.ok) return context.json({ error: body.error }, body.status);
      return perform(context, body.value.by, { name: "resume", target: context.req.param("id") ?? null });
    });
  }
  app.post("/api/targets/:id/reset", async (context) => {
    const body = await readBody(context, PLAIN);
    if (!body.ok) return context.json({ error: body.error }, body.status);
    return perform(context, body.value.by, { name: "reset", target: context.req.param("id") });
  });
  return app;
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
