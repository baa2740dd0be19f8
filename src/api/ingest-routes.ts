import { Hono } from "hono";
import type { ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";
import { readJson } from "./read-body.ts";

/** What workers in any language report. The daemon validates the bodies: it knows the workers. */
export function ingestRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  for (const kind of ["outcomes", "heartbeat"] as const) {
    app.post(`/api/${kind}`, async (context) => {
      const body = await readJson(context);
      if (!body.ok) return context.json({ error: body.error }, body.status);
      const taken = plane.ingest(kind, body.value);
      return taken.ok ? context.json({ ok: true }) : context.json({ error: taken.error }, 400);
    });
  }
  return app;
}
