import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { demoConfig } from "../../src/demo/demo-config.ts";
import type { DemoPlace } from "../../src/demo/demo-place.ts";

const SHIPPED = readFileSync(resolve(import.meta.dirname, "../../healer.config.yaml"), "utf8");
const PLACE: DemoPlace = {
  ...{ dir: "/d", pm2Home: "/d/pm2", healerHome: "/d/healer", queuePort: 9001, workerPort: 9101, apiPort: 9201, moved: [] },
  remove: () => {},
};

test("to stay, the shipped configuration is taken as it is but for the demo's place", () => {
  const shipped = parse(SHIPPED) as Record<string, unknown>;
  const staying = parse(demoConfig(PLACE, "shipped", SHIPPED)) as Record<string, unknown>;
  expect(staying["defaults"]).toEqual(shipped["defaults"]);
  expect(staying["strategies"]).toEqual(shipped["strategies"]);
  expect(staying).toMatchObject({
    mode: "heal",
    pm2_home: "/d/pm2",
    queues: { demo: { url: "http://127.0.0.1:9001/api/stats" } },
    api: { port: 9201 },
  });
});

test("for the story only the waits are shorter; the three knobs that decide stay", () => {
  const { defaults } = parse(demoConfig(PLACE, "short", SHIPPED)) as { defaults: Record<string, unknown> };
  expect(defaults).toMatchObject({ grace_period_seconds: 10, min_success_rate_percent: 70, consecutive_failures_threshold: 3 });
});

test.each(["version: 1\n", "queues: [\n"])("a file that is not the shipped one is refused: %j", (text) => {
  expect(() => demoConfig(PLACE, "shipped", text)).toThrow("not the one that ships with healer");
});
