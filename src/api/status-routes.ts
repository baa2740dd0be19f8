import { Hono } from "hono";
import { flatten } from "../core/sealed-record.ts";
import type { ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";

const HEALS_LIMIT = 1_000;
const PATHS = ["/healthz", "/readyz", "/metrics", "/api/status", "/api/config", "/api/targets/:id", "/api/heals?since=", "/api/stream"];

/** What can be read: health for a balancer, the status, one target with its explanation, the newest records. */
export function statusRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/", (context) => context.json({ healer: plane.status().version, paths: PATHS }));
  app.get("/healthz", (context) =>
    plane.isHealthy() ? context.json({ ok: true }) : context.json({ error: "no turn has ended for long" }, 503),
  );
  app.get("/readyz", (context) => (plane.isReady() ? context.json({ ok: true }) : context.json({ error: "PM2 has not been listed" }, 503)));
  app.get("/api/status", (context) => context.json(plane.status()));
  app.get("/api/config", (context) => context.json({ ...plane.status().config, settings: plane.settings() }));
  app.get("/api/targets/:id", (context) => {
    const explained = plane.explain(context.req.param("id"));
    if (!explained.ok) return context.json({ error: explained.error }, 404);
    const status = plane.status().targets.find((target) => target.id === explained.value.target) ?? null;
    return context.json({ status, explain: explained.value });
  });
  app.get("/api/heals", (context) => {
    const since = context.req.query("since");
    const sinceWallMs = since === undefined ? 0 : instantOf(since);
    if (sinceWallMs === null) return context.json({ error: "since: expected an ISO 8601 time or milliseconds since 1970" }, 400);
    return context.json({ records: plane.recent({ sinceWallMs, limit: HEALS_LIMIT }).map(flatten) });
  });
  return app;
}

function instantOf(text: string): number | null {
  const wallMs = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(new Date(wallMs).getTime()) ? null : wallMs;
}
