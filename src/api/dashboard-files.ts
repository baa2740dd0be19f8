import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Hono } from "hono";
import type { Files } from "../world/files/files.ts";
import type { ApiEnv } from "./access.ts";

/** The built page, in memory. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>;

interface DashboardFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
}

/** Beside the built program, and where the sources run, beside them. */
const PLACES = ["../dashboard", "../../dist/dashboard"].map((place) => join(import.meta.dirname, place));
const FILES_MAX = 40;
const BYTES_MAX = 1024 * 1024;
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Read once, so that no request touches the disk. Empty = it was not built: then `/` answers what paths there are. */
export function readDashboard(files: Pick<Files, "list" | "read">): DashboardFiles {
  const built = PLACES.map((place) => ({ place, assets: files.list(join(place, "assets")) })).find(({ assets }) => assets.ok);
  if (built?.assets.ok !== true) return new Map();
  const { place, assets } = built;
  const names = ["index.html", ...assets.value.slice(0, FILES_MAX).map((name) => `assets/${name}`)];
  return new Map(
    names.flatMap((name) => {
      const read = files.read(join(place, name), BYTES_MAX);
      const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
      if (!read.ok || type === undefined) return [];
      return [[`/${name}`, { type, bytes: new Uint8Array(read.value), zipped: new Uint8Array(gzipSync(read.value)) }]];
    }),
  );
}

/** `/` for a browser, and what that page loads. The names of its files change with their content. */
export function dashboardRoutes(dashboard: DashboardFiles): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/", async (context, next) => {
    const page = dashboard.get("/index.html");
    const isBrowser = context.req.header("Accept")?.includes("text/html") === true;
    return page === undefined || !isBrowser ? next() : answer(page, context.req.header("Accept-Encoding"), "no-cache");
  });
  app.get("/assets/:name", async (context, next) => {
    const file = dashboard.get(context.req.path);
    return file === undefined ? next() : answer(file, context.req.header("Accept-Encoding"), "public, max-age=31536000, immutable");
  });
  return app;
}

function answer({ type, bytes, zipped }: DashboardFile, encodings: string | undefined, caching: string): Response {
  const isZipped = /\bgzip\b/.test(encodings ?? "");
  const headers = { "Content-Type": type, "Cache-Control": caching, Vary: "Accept, Accept-Encoding" };
  return new Response(isZipped ? zipped : bytes, { headers: { ...headers, ...(isZipped ? { "Content-Encoding": "gzip" } : {}) } });
}
