import { expect, test } from "vitest";
import { masked } from "../../../src/core/masked-words.ts";
import { restoreCommand, shownCommand } from "../../../src/sensors/copies/shown-command.ts";

test.each<[string, readonly string[], string]>([
  ["plain words", ["node", "worker.js", "--port", "8080"], "node worker.js --port 8080"],
  ["words with blanks", ["sh", "-c", "sleep 1; true"], "sh -c 'sleep 1; true'"],
  ["a title with the NULs behind it", ["node /srv/w.js", "", "", ""], "node /srv/w.js"],
  ["the value of a secret option", ["w", "--password", "hunter2", "--verbose"], "w --password *** --verbose"],
  ["a secret behind an equals sign", ["w", "--api-token=hunter2", "x"], "w --api-token=*** x"],
  ["a secret variable", ["env", "AWS_SECRET_ACCESS_KEY=hunter2", "w"], "env AWS_SECRET_ACCESS_KEY=*** w"],
  ["the login of an address", ["w", "postgres://mira:hunter2@db/x"], "w postgres://***@db/x"],
  ["the query of an address", ["w", "https://x/y?token=hunter2&a=b"], "w https://x/y?token=***&a=b"],
  ["a header", ["curl", "-H", "Authorization: Bearer hunter2"], "curl -H 'Authorization: ***'"],
  ["a secret in a shell's command", ["sh", "-c", "TOKEN=hunter2 w --secret hunter2 -v"], "sh -c 'TOKEN=*** w --secret *** -v'"],
  ["a quoted secret in a shell's command", ["sh", "-c", `PASSWORD="hunter 2" w`], `sh -c 'PASSWORD=*** w'`],
  ["a value behind another one", ["w", "--set=db.password=hunter2"], "w --set=db.password=***"],
  ["what is a secret by its looks", ["w", `eyJ${"a".repeat(20)}.eyJzdWIi.hunter2`], "w ***"],
  ["no secret: a script named after one", ["node", "token-worker.js", "hunter2"], "node token-worker.js hunter2"],
  ["no secret: an option without a value", ["w", "--auth", "--verbose"], "w --auth --verbose"],
  ["what a terminal would obey", ["w", "a\u001b[31mb\nc"], "w 'a·[31mb·c'"],
])("a command line is shown with %s", (_what, argv, shown) => {
  expect(shownCommand(argv, 300)).toBe(shown);
});

test("no half of a secret is left at the end of a text that was cut", () => {
  for (let length = 900; length < 1_100; length++) {
    const word = `${"x".repeat(length)} postgres://mira:hunter2@db`;
    expect(masked(word), `${length}`).not.toContain("hunter");
  }
});

test("a command line made to be slow to look at is looked at in no time", () => {
  for (const evil of ["a", "key", "a.", "key=", "://", "a:", `key="`, "--key ", "eyJaaaaaaaa."]) {
    expect(shownCommand(["w", evil.repeat(60_000 / evil.length)], 200).length).toBeLessThanOrEqual(200);
  }
});

test("a command line is cut to what fits on a line", () => {
  expect(shownCommand(["w", ..."abcdefgh".repeat(50).split("")], 100)).toMatch(/^w a b c.*…$/);
  expect(shownCommand(["w", ..."abcdefgh".repeat(50).split("")], 100)).toHaveLength(100);
});

test("what starts it again can be pasted into a shell", () => {
  expect(restoreCommand("/srv/it's here", ["node", "w.js", "a b", "$HOME", "", "--key=hunter2"], 300)).toBe(
    `cd '/srv/it'\\''s here' && node w.js 'a b' '$HOME' '' '--key=***'`,
  );
});
