import { Hono } from "hono";
import { flatten } from "../core/sealed-record.ts";
import type { ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";

const HEALS_LIMIT = 1_000;
const HISTORY_DEFAULT_MS = 3_600_000;
const SINCE_EXPECTED = "since: expected an ISO 8601 time or milliseconds since 1970";

/** What healer remembers: the newest records, figures over time, what it saw before a restart. */
export function recordRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/api/history", (context) => {
    const target = context.req.query("target");
    if (target === undefined) return context.json({ error: "target: expected a target's id, queue:NAME or gpu:INDEX" }, 400);
    const since = instantOf(context.req.query("since") ?? String(Date.now() - HISTORY_DEFAULT_MS));
    if (since === null) return context.json({ error: SINCE_EXPECTED }, 400);
    const curve = plane.curve(target, since);
    return curve === null ? context.json({ error: `no history of "${target}"` }, 404) : context.json({ target, ...curve });
  });
  app.get("/api/evidence/:id", (context) => {
    const evidence = plane.evidence(context.req.param("id"));
    return evidence.ok ? context.json({ evidence: evidence.value }) : context.json({ error: evidence.error }, 404);
  });
  app.get("/api/heals", (context) => {
    const since = context.req.query("since");
    const sinceWallMs = since === undefined ? 0 : instantOf(since);
    if (sinceWallMs === null) return context.json({ error: SINCE_EXPECTED }, 400);
    return context.json({ records: plane.recent({ sinceWallMs, limit: HEALS_LIMIT }).map(flatten) });
  });
  return app;
}

function instantOf(text: string): number | null {
  const wallMs = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(new Date(wallMs).getTime()) ? null : wallMs;
}
