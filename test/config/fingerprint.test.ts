import { expect, test } from "vitest";
import { checkReport } from "../../src/config/check.ts";
import { loaded, small } from "./loaded.ts";

/** `shadow_for` counts from the last edit that changes what a strategy decides by. */

const QUEUED = small("    queue: llm\n    rules: [frozen]\n");

function fingerprint(text: string): string | undefined {
  return loaded(text, { env: { TOKEN: "secret" } }).policy.strategies[0]?.fingerprint;
}

test.each([
  ["a comment", (text: string) => `# for the night shift\n${text}`],
  ["somebody else who is told", (text: string) => `${text}notify: [{type: webhook, url: "http://127.0.0.1/"}]\n`],
  ["the mode", (text: string) => text.replace("mode: heal", "mode: observe")],
  ["the length of a turn", (text: string) => text.replace("mode: heal", "mode: heal\ninterval: 5s")],
  ["a maintenance window", (text: string) => `${text}    maintenance: [{cron: "0 2 * * 0", for: 2h}]\n`],
  ["shadow_for itself", (text: string) => `${text}    shadow_for: 1h\n`],
  [
    "a default that the strategy overrides",
    (text: string) => `${text}    max_workers: 3\n`.replace("queues:", "defaults: {max_workers: 3}\nqueues:"),
  ],
  ["another strategy", (text: string) => `${text}  - {name: web, match: {app: web}}\n`],
  ["a password of its queue", (text: string) => text.replace('stats"}', 'stats", headers: {x: "${TOKEN}"}}')],
])("%s changes nothing that it decides by", (what, edit) => {
  const before = what.startsWith("a default") ? `${QUEUED}    max_workers: 3\n` : QUEUED;
  expect(fingerprint(edit(QUEUED))).toBe(fingerprint(before));
});

test.each([
  ["a threshold", (text: string) => `${text}    min_success_rate_percent: 80\n`],
  ["a default it inherits", (text: string) => text.replace("queues:", "defaults: {drain: 10s}\nqueues:")],
  ["a rule", (text: string) => text.replace("[frozen]", "[{rule: frozen, for: 20s}]")],
  ["the mode of a rule", (text: string) => text.replace("[frozen]", "[{rule: frozen, mode: observe}]")],
  ["an action", (text: string) => `${text}    actions: [stop-start]\n`],
  ["whom it selects", (text: string) => text.replace("{app: api}", '{app: "*"}')],
  ["where its queue is", (text: string) => text.replace("8091", "8092")],
])("%s changes what it decides by", (_, edit) => {
  expect(fingerprint(edit(QUEUED))).not.toBe(fingerprint(QUEUED));
});

test("it is off unless said", () => {
  expect(loaded(small()).strategies[0]?.knobs.shadowForMs).toBe(0);
  expect(loaded(small("    shadow_for: 1h\n")).policy.strategies[0]?.knobs.shadowForMs).toBe(3_600_000);
});

test("check says how long it only decides and records", () => {
  expect(checkReport(loaded(small("    shadow_for: 1h\n")), null).text).toContain(
    "api (h.yaml:6), mode heal (for 1 h after it is new or changed it decides and records only)",
  );
});
