import { parseDocument } from "yaml";
import type { DemoPlace } from "./demo-place.ts";

/** Everything up to twenty times quicker than in earnest, so that a heal and its verdict fit into a minute. */
const SHORT: readonly (readonly [path: readonly (string | number)[], value: unknown])[] = [
  [["interval"], "1s"],
  [["defaults", "grace_period_seconds"], 10],
  [["defaults", "window"], "1m"],
  [
    ["defaults", "advanced"],
    {
      sustain_seconds: 3,
      backoff: { base: 2, max: 4 },
      incident: { onset_window: 20, canary_delay: 10, quiet: 15 },
      budget: { tokens: 8, refill_seconds: 10 },
    },
  ],
  [["queues", "demo", "every"], "1s"],
  [
    ["strategies", 0, "rules", 0],
    { rule: "http-probe", url: "http://127.0.0.1:{env.PORT}/health", every: "2s", timeout: "1s", failures: "3 of 5" },
  ],
];

/**
 * The configuration that ships with healer, at the demo's place: its values, its comments. `short` shortens the waits for
 * the story. Throws when the file is not the one that ships: the demo and its configuration go together.
 */
export function demoConfig(place: DemoPlace, knobs: "short" | "shipped", shippedText: string): string {
  const document = parseDocument(shippedText);
  const problem = document.errors[0]?.message ?? (document.hasIn(["queues", "demo", "url"]) ? null : "it names no queue called demo");
  if (problem !== null) throw new Error(`healer.config.yaml is not the one that ships with healer: ${problem}`);
  document.set("mode", "heal");
  document.set("pm2_home", place.pm2Home);
  document.setIn(["queues", "demo", "url"], `http://127.0.0.1:${place.queuePort}/api/stats`);
  document.setIn(["api"], { host: "127.0.0.1", port: place.apiPort });
  if (knobs === "short") for (const [path, value] of SHORT) document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}
