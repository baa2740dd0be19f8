import { expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { diffConfigs } from "../../src/config/diff.ts";
import { showConfig } from "../../src/config/show.ts";
import { loaded, mistakes } from "./loaded.ts";

const withQueue = (queue: string): string => `version: 1\nmode: heal\nstrategies: []\nqueues:\n  a: {type: rabbitmq, ${queue}}`;

test.each([
  ["no queue", 'url: "http://h:15672"', "h.yaml:5:3 queues.a.queue: is missing; expected text"],
  [
    "the dead-letter queue itself",
    'url: "http://h:15672", queue: x, dead_letter_queue: x',
    "h.yaml:5:75 queues.a.dead_letter_queue: expected another queue than the one that is worked off, received x",
  ],
  ["a mistyped key", 'url: "http://h:15672", queue: x, vhots: y', "h.yaml:5:56 queues.a.vhots: unknown key (did you mean vhost?)"],
])("%s is told with its place and what was expected", (_, queue, told) => {
  expect(mistakes(withQueue(queue))).toEqual([told]);
});

test("a password stands neither in a mistake, nor in what config show prints, nor in what an edit changed", () => {
  const queue = (password: string): string => `url: "http://u:hunter3@h:15672/", queue: x, username: me, password: ${password}`;
  const [before, after] = ["hunter2", "hunter22"].map((password) => loaded(withQueue(queue(password))));
  if (before === undefined || after === undefined) throw new Error("two configurations");
  const told = mistakes(withQueue(`${queue("{a: hunter2}")}, headers: {X: 7}`));
  const said = [showConfig(before, null), ...diffConfigs(before, after), ...told].join("\n");
  expect(said).toContain("queues.a.password");
  expect(said).toContain("queues.a.url: http://h:15672/");
  expect(said).not.toContain("hunter");
});

test.each([
  ["without a dead-letter queue", "", ["queues.a"]],
  ["with one", ", dead_letter_queue: y", []],
])("%s, check notes that there is no success rate, or nothing", (_, part, places) => {
  const text = `${withQueue(`url: "http://h", queue: x${part}`)}\n`.replace(
    "strategies: []",
    "strategies: [{name: a, match: {app: a}, queue: a}]",
  );
  const { notes } = checkReport(loaded(text), null);
  expect(notes.map(({ path }) => path)).toEqual(places);
  for (const { message } of notes) expect(message).toMatch(/without dead_letter_queue there is no success rate/);
});
