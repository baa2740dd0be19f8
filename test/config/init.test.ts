import fc from "fast-check";
import { expect, test } from "vitest";
import { assignStrategy } from "../../src/core/select.ts";
import { initConfig } from "../../src/config/init.ts";
import { loaded } from "./loaded.ts";
import { workerRow as row } from "../support/worker-row.ts";

test("a configuration written from the running apps loads as it stands, observes only, and selects each app once", () => {
  const rows = [
    row({ name: "api", instance: "0" }),
    row({ name: "api", instance: "1", pmId: 1 }),
    row({ name: "api", namespace: "prod", pmId: 2 }),
    row({ name: 'odd "name": ${HOME} # é', pmId: 3, isNode: false }),
    row({ name: "007", pmId: 4, maxMemoryRestartBytes: 1 }),
  ];
  const compiled = loaded(initConfig(rows));
  expect(compiled.policy.mode).toBe("observe");
  expect(compiled.policy.strategies.map(({ name }) => name)).toEqual(["api", "prod-api", "odd-name-HOME-", "007"]);
  for (const each of rows) expect(assignStrategy(compiled.policy, each)).toHaveProperty("name");
});

test("PM2's modules and healer itself are left out; no app at all is a valid file too", () => {
  const rows = [
    row({ name: "pm2-logrotate", isModule: true }),
    row({ name: "healer" }),
    row({ name: "x", script: "/opt/pm2-healer/dist/cli/main.js" }),
  ];
  expect(loaded(initConfig(rows)).policy.strategies).toEqual([]);
});

test("an app whose name reads as a pattern is named in a comment instead of selected", () => {
  const text = initConfig([row({ name: "a*" }), row({ name: "ab" })]);
  expect(text).toContain('# Left out, because their names are patterns, empty or very long: "a*"');
  expect(loaded(text).policy.strategies.map(({ selector }) => selector.apps)).toEqual([["ab"]]);
});

test("whatever the apps are called, the file loads", () => {
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc.constantFrom("${A}", "*b", "- c", "a: b", "null", "~", "a-b", "a_b", "a b"),
  );
  const app = fc.record({ name, namespace: fc.oneof(fc.constant("default"), name) });
  fc.assert(
    fc.property(fc.array(app, { maxLength: 8 }), (apps) => {
      loaded(initConfig(apps.map((each, pmId) => row({ ...each, pmId }))));
    }),
    { numRuns: 300 },
  );
});
