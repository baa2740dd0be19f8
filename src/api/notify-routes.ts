import { Hono } from "hono";
import type { ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";
import { NotifyTestBody } from "./bodies.ts";
import { readBody } from "./read-body.ts";

/** `POST /api/notify/test`: answers `{channels: [{channel, took_ms, error}]}`, also where none of them delivered. */
export function notifyRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.post("/api/notify/test", async (context) => {
    const body = await readBody(context, NotifyTestBody);
    if (!body.ok) return context.json({ error: body.error }, body.status);
    const tried = await plane.tryNotifiers(body.value.channel, body.value.by);
    return tried.ok ? context.json({ channels: tried.value }) : context.json({ error: tried.error }, 400);
  });
  return app;
}
