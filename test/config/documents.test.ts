import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ACTIONS } from "../../src/actions/registry.ts";
import { configSchema } from "../../src/config/json-schema.ts";
import { knobPaths } from "../../src/config/layers.ts";
import { NOTIFIER_KINDS } from "../../src/notifiers/registry.ts";
import { RULES } from "../../src/rules/registry.ts";
import { QUEUE_KINDS } from "../../src/sensors/registry.ts";
import { loaded } from "./loaded.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const shipped = readFileSync(resolve(ROOT, "healer.config.yaml"), "utf8");
const docs = readFileSync(resolve(ROOT, "docs/configuration.md"), "utf8");

function keysOf(schema: z.ZodType): readonly string[] {
  const { properties } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.keys(properties ?? {});
}

describe("the shipped configuration", () => {
  test("loads without an environment, heals, and watches the demo's workers", () => {
    const { policy, queues } = loaded(shipped);
    expect(policy).toMatchObject({ mode: "heal", strategies: [{ name: "demo-worker", queues: ["demo"] }] });
    expect(queues[0]?.params).toMatchObject({ type: "http", url: "http://127.0.0.1:8091/api/stats" });
  });

  test("says of the three knobs what is built in", () => {
    expect(loaded(shipped).strategies[0]?.knobs).toMatchObject({
      gracePeriodMs: 180_000,
      minSuccessRatePercent: 70,
      consecutiveFailuresThreshold: 3,
    });
  });
});

test("the example of BullMQ loads, and is what the JSON Schema accepts", () => {
  const example = readFileSync(resolve(ROOT, "docs/examples/bullmq.yaml"), "utf8");
  expect(loaded(example).queues[0]?.params).toMatchObject({ type: "bullmq", name: "emails", prefix: "bull" });
  expect(z.fromJSONSchema(configSchema()).safeParse(parse(example)).error?.issues ?? []).toEqual([]);
});

test("the example of RabbitMQ loads, and is what the JSON Schema accepts", () => {
  const example = readFileSync(resolve(ROOT, "docs/examples/rabbitmq.yaml"), "utf8");
  const params = { type: "rabbitmq", queue: "orders", vhost: "/", dead_letter_queue: "orders.dead", password: "hunter2" };
  expect(loaded(example, { env: { RABBITMQ_PASSWORD: "hunter2" } }).queues[0]?.params).toMatchObject(params);
  expect(z.fromJSONSchema(configSchema()).safeParse(parse(example)).error?.issues ?? []).toEqual([]);
});

describe("the JSON Schema", () => {
  const schema = z.fromJSONSchema(configSchema());

  test("accepts the shipped configuration", () => {
    expect(schema.safeParse(parse(shipped)).error?.issues ?? []).toEqual([]);
  });

  test("accepts a queue of each kind, and one that asks Prometheus for nothing but a depth", () => {
    const queues = {
      a: { type: "http", url: "http://h/", fields: { oldest_age_seconds: "age" } },
      b: { type: "prometheus", url: "http://h/", completed: "x", failed: "y", worker_label: "w", worker_key: "pid" },
      c: { type: "prometheus", url: "http://h/", pending: "x" },
      d: { type: "bullmq", url: "redis://h", name: "x", every: "1s" },
      e: { type: "rabbitmq", url: "http://h/", queue: "x", vhost: "v", dead_letter_queue: "y", username: "u", password: "p" },
    };
    expect(schema.safeParse({ version: 1, mode: "heal", strategies: [], queues }).error?.issues ?? []).toEqual([]);
  });

  test.each([
    ["an unknown key", { colour: 1 }],
    ["another mode", { mode: "heel" }],
    ["an unknown rule", { strategies: [{ name: "a", match: { app: "a" }, rules: ["frozn"] }] }],
    ["an unknown parameter", { strategies: [{ name: "a", match: { app: "a" }, rules: [{ rule: "frozen", fr: 3 }] }] }],
    ["an unknown knob", { defaults: { grace: 3 } }],
    ["an unknown queue type", { queues: { q: { type: "htp", url: "http://h/" } } }],
  ])("refuses %s", (_what, change) => {
    const valid = { version: 1, mode: "heal", strategies: [] };
    expect(schema.safeParse(valid).success).toBe(true);
    expect(schema.safeParse({ ...valid, ...change }).success).toBe(false);
  });
});

describe("the documentation names", () => {
  test.each(RULES.map((rule) => [rule.name, rule.params] as const))("the rule %s and all its parameters", (name, params) => {
    const line = docs.split("\n").find((each) => each.startsWith(`| \`${name}\``)) ?? "";
    expect(line).not.toBe("");
    for (const key of keysOf(params)) expect(line, `parameter ${key}`).toMatch(new RegExp(`\`${key}[\`:]`));
  });

  test.each(knobPaths().map((path) => path.join(".")))("the knob %s", (path) => {
    for (const step of path.split(".").filter((each) => each !== "advanced")) expect(docs).toMatch(new RegExp(`[\`{ ]${step}[\`:]`));
  });

  test.each(ACTIONS.map(({ name }) => name))("the action %s", (name) => {
    expect(docs).toContain(`| \`${name}\``);
  });

  test.each([...QUEUE_KINDS, ...NOTIFIER_KINDS].map((kind) => [kind.type, kind.params] as const))(
    "the kind %s and all its keys",
    (type, params) => {
      expect(docs).toContain(`**\`${type}\`**`);
      for (const key of keysOf(params).filter((each) => each !== "type")) expect(docs, key).toContain(`\`${key}\``);
    },
  );
});
