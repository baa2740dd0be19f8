import { expect, test } from "vitest";
import { envNamesIn, expandForWorker, unknownPlaces } from "../../src/core/worker-template.ts";
import { workerRow } from "../support/worker-row.ts";

const row = workerRow({ name: "rpa", instance: "2", pmId: 7, env: { PORT: "8080", EMPTY: "", BRACES: "{name}" } });

test.each([
  ["http://127.0.0.1:{env.PORT}/{name}/{instance}/{pm_id}", "http://127.0.0.1:8080/rpa/2/7"],
  ["no places", "no places"],
  ["{env.BRACES}", "{name}"], // values are not templates
])("%s becomes %s", (template, expanded) => {
  expect(expandForWorker(template, row)).toEqual({ ok: true, value: expanded });
});

test.each([
  ["{env.HOST}", "its environment has no HOST"],
  ["{env.EMPTY}", "its environment has no EMPTY"],
  ["{env.constructor}", "its environment has no constructor"],
  ["{pid}", "{pid} is none of {env.NAME}, {name}, {instance} or {pm_id}"],
])("%s cannot be expanded: %s", (template, error) => {
  expect(expandForWorker(template, row)).toEqual({ ok: false, error });
});

test("the variables a template needs and its mistakes are known before any worker is", () => {
  const template = "http://{env.HOST}:{env.PORT}/{nmae}?x={}&y={env.9}";
  expect(envNamesIn(template)).toEqual(["HOST", "PORT"]);
  expect(unknownPlaces(template)).toEqual(["nmae", "", "env.9"]);
});
