import { describe, expect, test } from "vitest";
import { diffConfigs } from "../../src/config/diff.ts";
import { showConfig } from "../../src/config/show.ts";
import { loaded, mistakes } from "./loaded.ts";

const withQueue = (queue: string): string => `version: 1\nmode: heal\nstrategies: []\nqueues:\n  a: {type: bullmq, ${queue}}`;
const URL_EXPECTED = "expected a URL such as redis://127.0.0.1:6379, or rediss://user:password@host:6380/2";

test.each([
  ["no name", 'url: "redis://h"', "h.yaml:5:3 queues.a.name: is missing; expected text"],
  ["a web server's URL", 'url: "http://h:6379", name: x', `h.yaml:5:26 queues.a.url: ${URL_EXPECTED}, received http://h:6379`],
  [
    "a key for a name",
    'url: "redis://h", name: "bull:x"',
    "h.yaml:5:45 queues.a.name: expected the queue's name as in new Queue(NAME): text without a colon, received bull:x",
  ],
  ["a mistyped key", 'url: "redis://h", name: x, prefx: y', "h.yaml:5:48 queues.a.prefx: unknown key (did you mean prefix?)"],
])("%s is told with its place and what was expected", (_, queue, told) => {
  expect(mistakes(withQueue(queue))).toEqual([told]);
});

describe("a password of Redis", () => {
  test.each(["/", "?", "#", "'", " ", "@", "%zz", ":", "/@/", "<", "\\\\"])("with %s in it is told in no mistake", (sign) => {
    const passwords = [`12${sign}hunter2`, `hunter2${sign}12`, `${sign}hunter2`];
    const urls = passwords.flatMap((password) => [`redis://me:${password}@h:7000`, `redis://:${password}@h/x`, `redis://:${password}`]);
    for (const url of urls) {
      const told = mistakes(withQueue(`url: "${url}", name: "a:b"`)).join("\n");
      expect(told, url).toContain("queues.a.name");
      expect(told, url).not.toContain("hunter2");
    }
  });

  test("stands neither in what config show prints nor in what an edit changed", () => {
    const [before, after] = ["redis://me:hunter2@h:7000/2", "rediss://:hunter22@h:7000/2"].map((url) =>
      loaded(withQueue(`url: "${url}", name: x`)),
    );
    if (before === undefined || after === undefined) throw new Error("two configurations");
    const said = [showConfig(before, null), ...diffConfigs(before, after)].join("\n");
    expect(said).toContain("queues.a.url: redis://h:7000/2");
    expect(said).not.toContain("hunter2");
  });
});
