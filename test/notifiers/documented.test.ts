import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loaded, small } from "../config/loaded.ts";

const PAGE = readFileSync(new URL("../../docs/notifications.md", import.meta.url), "utf8");
const EXAMPLES = [...PAGE.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);

test("there are examples of all templates", () => {
  for (const service of ["slack", "discord", "teams", "ntfy", "pagerduty"]) expect(EXAMPLES.join("")).toContain(`template: ${service}`);
  expect(EXAMPLES.length).toBeGreaterThan(6);
});

test.each(EXAMPLES.map((text) => [text.trim().split("\n").at(-1), text]))("the documented %s is a valid configuration", (_, text) => {
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = ""]) => name);
  const env = Object.fromEntries(names.map((name) => [name, name.endsWith("URL") ? "https://hooks.example/x" : "s3cret"]));
  const compiled = loaded(small("", text.startsWith("-") ? `notify:\n${text}` : text), { env });
  expect(compiled.notifiers.length).toBeGreaterThan(0);
});
