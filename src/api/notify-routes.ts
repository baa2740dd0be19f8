import { Hono } from "hono";
import { z } from "zod";
import type { ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";
import { readBody } from "./read-body.ts";

const TEST = z.strictObject({
  /** null = all of them. */
  channel: z.string().max(100).nullable().default(null),
  by: z.string().trim().min(1).max(100).default("api"),
});

/** `POST /api/notify/test`: answers `{channels: [{channel, took_ms, error}]}`, also where none of them delivered. */
export function notifyRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.post("/api/notify/test", async (context) => {
    const body = await readBody(context, TEST);
    if (!body.ok) return context.json({ error: body.error }, body.status);
    const tried = await plane.tryNotifiers(body.value.channel, body.value.by);
    return tried.ok ? context.json({ channels: tried.value }) : context.json({ error: tried.error }, 400);
  });
  return app;
}
