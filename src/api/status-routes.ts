import { Hono } from "hono";
import type { ControlPlane } from "../daemon/status.ts";
import type { ApiEnv } from "./access.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { openApiDocument } from "./openapi.ts";

/** What can be read: health for a balancer, the status, one target with its explanation. */
export function statusRoutes(plane: ControlPlane): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const paths = ENDPOINTS.filter(({ method }) => method === "get").map(({ path, query = [] }) => path + queryText(query));
  app.get("/", (context) => context.json({ healer: plane.status().version, paths }));
  app.get("/api/openapi.json", (context) => context.json(openApiDocument(plane.status().version)));
  app.get("/healthz", (context) =>
    plane.isHealthy() ? context.json({ ok: true }) : context.json({ error: "no turn has ended for long" }, 503),
  );
  app.get("/readyz", (context) => (plane.isReady() ? context.json({ ok: true }) : context.json({ error: "PM2 has not been listed" }, 503)));
  app.get("/api/status", (context) => context.json(plane.status()));
  app.get("/api/config", (context) => context.json({ ...plane.status().config, ...plane.config() }));
  app.get("/api/targets/:id", (context) => {
    const explained = plane.explain(context.req.param("id"));
    if (!explained.ok) return context.json({ error: explained.error }, 404);
    const status = plane.status().targets.find((target) => target.id === explained.value.target) ?? null;
    return context.json({ status, explain: explained.value });
  });
  return app;
}

/** `?target=&since=` */
function queryText(query: readonly string[]): string {
  return query.length === 0 ? "" : `?${query.map((name) => `${name.replace("!", "")}=`).join("&")}`;
}
