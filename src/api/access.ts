import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { RateLimits, type Limited } from "./rate-limits.ts";
import type { Tokens } from "./tokens.ts";

/**
 * Who may do what. `socket`: the control socket, whose file mode already decides who gets here. `port`: the port, which
 * any local process and any web page in a browser of this machine can reach.
 */
export type Access =
  | { readonly via: "socket" }
  /** `host`: the configured address, a name of ours besides 127.0.0.1, localhost and [::1]. */
  | { readonly via: "port"; readonly tokens: Tokens; readonly host?: string };

/** `outgoing` is absent in requests that no server made. */
export interface ApiEnv {
  Bindings: { readonly outgoing?: { destroy(): void } };
  Variables: { readonly by: "socket" | "admin" | "ingest" };
}

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];
const READS = ["GET", "HEAD"];
const INGEST_PATHS = ["/api/outcomes", "/api/heartbeat"];
const HEALTH_PATHS = ["/healthz", "/readyz"]; // cost nothing, and who is told 429 here may restart healer

/**
 * Reading is open to who reaches the door; everything else needs a token. A web page must not get here under a name of
 * its own (DNS rebinding), nor send changes across sites. Nobody may ask so often that turns come late.
 */
export function guardDoor(access: Access): MiddlewareHandler<ApiEnv> {
  const limits = new RateLimits();
  return async (context, next) => {
    if (access.via === "socket") {
      context.set("by", "socket");
      return next();
    }
    const host = context.req.header("Host");
    if (!isOurName(host, access.host) || !isOurUrl(context.req.url, access.host)) return refuseName(context);
    if (READS.includes(context.req.method)) {
      return HEALTH_PATHS.includes(context.req.path) ? next() : (tooOften(context, limits, "reads") ?? next());
    }
    if (isCrossSite(context, host ?? "")) return context.json({ error: "changes from another site are refused" }, 403);
    const role = roleOf(context, access.tokens);
    if (role === null) return refuseUnknown(context, limits);
    const isReport = INGEST_PATHS.includes(context.req.path);
    if (role === "ingest" && !isReport) return context.json({ error: "the ingest token may only report outcomes and heartbeats" }, 403);
    context.set("by", role);
    return tooOften(context, limits, isReport ? "reports" : "changes") ?? next();
  };
}

function tooOften(context: Context, limits: RateLimits, limited: Limited): Response | null {
  const waitS = limits.take(limited);
  if (waitS === null) return null;
  return context.json({ error: `too many requests: try again in ${waitS} s` }, 429, { "Retry-After": String(waitS), Connection: "close" });
}

function refuseName(context: Context): Response {
  return context.json({ error: "this name is not served here: use 127.0.0.1 or localhost" }, 403);
}

/** The port is not compared: a tunnel (`ssh -L 9000:127.0.0.1:7717`) changes it, and an attacker's page cannot change the name. */
function isOurName(host: string | undefined, configured: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.toLowerCase().replace(/:\d{1,5}$/, "");
  return LOOPBACK_NAMES.includes(name) || name === configured?.toLowerCase();
}

/** `GET http://NAME/path HTTP/1.1` names a host beside the header's, and may hold a password. */
function isOurUrl(url: string, configured: string | undefined): boolean {
  const { host, username, password } = new URL(url);
  return isOurName(host, configured) && username === "" && password === "";
}

/** Browsers send `Origin` with every POST; command-line clients send neither header. */
function isCrossSite(context: Context, host: string): boolean {
  const origin = context.req.header("Origin");
  const site = context.req.header("Sec-Fetch-Site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  return origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`;
}

function roleOf(context: Context, tokens: Tokens): "admin" | "ingest" | null {
  const given = tokenOf(context);
  if (given === undefined) return null;
  if (isSame(given, tokens.admin)) return "admin";
  return isSame(given, tokens.ingest) ? "ingest" : null;
}

function tokenOf(context: Context): string | undefined {
  return /^Bearer ([^\s]{1,512})$/i.exec(context.req.header("Authorization") ?? "")?.[1];
}

/** Digests are compared, not texts: equal in length, so that the time tells nothing about the token. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** A guess is counted; a request without a token is none. */
function refuseUnknown(context: Context, limits: RateLimits): Response {
  const refused = tokenOf(context) === undefined ? null : tooOften(context, limits, "wrongTokens");
  if (refused !== null) return refused;
  context.header("WWW-Authenticate", "Bearer");
  return context.json({ error: "needs Authorization: Bearer with the token in admin.token (or ingest.token) of healer's home" }, 401);
}
