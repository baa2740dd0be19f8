import { existsSync, readFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import type { DemoPlace } from "./demo-place.ts";

/** Everything twenty times quicker than in earnest, so that a heal and its verdict fit into a minute. */
const SHORT_KNOBS = {
  grace_period_seconds: 10,
  min_success_rate_percent: 70,
  consecutive_failures_threshold: 3,
  window: "5m",
  advanced: {
    sustain_seconds: 3,
    backoff: { base: 5, max: 20 },
    incident: { onset_window: 20, canary_delay: 10, quiet: 15 },
    budget: { tokens: 5, refill_seconds: 20 },
  },
};

/**
 * The configuration of the demo as YAML: real ones for the place, and either the short knobs of the story or the
 * `defaults` of the file that ships with healer.
 */
export function demoConfig(place: DemoPlace, knobs: "short" | "shipped", shippedPath: string): string {
  const isShort = knobs === "short";
  const defaults = isShort ? SHORT_KNOBS : shippedDefaults(shippedPath);
  const probe = { rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health" };
  return stringify({
    version: 1,
    mode: "heal",
    interval: isShort ? "1s" : "2s",
    pm2_home: place.pm2Home,
    ...(defaults === null ? {} : { defaults }),
    queues: {
      llm: {
        type: "http",
        url: `http://127.0.0.1:${place.queuePort}/api/stats`,
        worker_key: "name-instance",
        ...(isShort ? { every: "1s" } : {}),
      },
    },
    strategies: [
      {
        name: "demo-worker",
        match: { app: "demo-worker" },
        queue: "llm",
        rules: [isShort ? { ...probe, every: "2s", timeout: "1s", failures: "3 of 5" } : probe, { rule: "memory-above", limit: "300MB" }],
        actions: ["restart", "stop-start"],
      },
    ],
    api: { host: "127.0.0.1", port: place.apiPort },
  });
}

function shippedDefaults(path: string): unknown {
  if (!existsSync(path)) return null;
  const shipped: unknown = parse(readFileSync(path, "utf8"));
  return typeof shipped === "object" && shipped !== null && "defaults" in shipped ? shipped.defaults : null;
}
