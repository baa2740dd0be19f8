import { expect, test } from "vitest";
import { envNamesIn, expandForWorker, expandWordForWorker, mistakenPlaces, unknownPlaces } from "../../src/core/worker-template.ts";
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

test.each([
  ["--port={env.PORT}", { ok: true, value: "--port=8080" }],
  ["{print $1} {name} {} {0}", { ok: true, value: "{print $1} rpa {} {0}" }],
  ['{"instance": {instance}}', { ok: true, value: '{"instance": 2}' }],
  ["{env.HOST}", { ok: false, error: "its environment has no HOST" }],
])("of the word %s only the places are filled in", (word, expanded) => {
  expect(expandWordForWorker(word, row)).toEqual(expanded);
});

test.each([
  ["{PORT}", ["PORT"]],
  ["{env.9} {env.} {nmae}", ["env.9", "env.", "nmae"]],
  ["{print $1} {} {0} {name} {a,b}", []],
])("in the word %s the slips are %j", (word, slips) => {
  expect(mistakenPlaces(word)).toEqual(slips);
});
