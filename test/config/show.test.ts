import { describe, expect, test } from "vitest";
import { diffConfigs } from "../../src/config/diff.ts";
import { showConfig } from "../../src/config/show.ts";
import { loaded, small } from "./loaded.ts";

const text = small("    queue: llm\n    min_success_rate_percent: 80\n", "defaults: {grace_period_seconds: 2m}\n");

describe("config show", () => {
  const shown = (showConfig(loaded(text), "api") ?? "").split("\n").map((line) => line.replace(/ {2,}/g, "  "));

  test.each([
    "strategies.api.min_success_rate_percent: 80  # h.yaml:10",
    "strategies.api.grace_period_seconds: 2m  # defaults (h.yaml:3)",
    "strategies.api.max_unavailable: 20%  # built-in",
    "strategies.api.advanced.verify.timeout_seconds: 20m  # built-in",
    "strategies.api.mode: heal  # h.yaml:2",
    "strategies.api.rules.restart-storm.within: 5m  # built-in",
  ])("says %s", (line) => {
    expect(shown).toContain(line);
  });

  test("answers nothing for a strategy that is not there", () => {
    expect(showConfig(loaded(text), "web")).toBeNull();
  });

  test("prints no secret: not from ${VAR}, not in a URL, not in a header", () => {
    const secrets =
      'version: 1\nmode: heal\nqueues:\n  q: {type: http, url: "http://me:hunter2@h/stats?key=s3cret", headers: {authorization: "Bearer b34rer"}, fields: {id: "${FIELD}"}}\n' +
      'strategies: []\nnotify:\n  - {type: webhook, url: "https://chat.example/T0K3N"}\n  - {type: webhook, url: "${HOOK}"}\n' +
      '  - {type: webhook, url: "https://events.example/v2", template: pagerduty, routing_key: r0utingK3y}\n' +
      '  - {type: email, smtp: "smtps://me:m4ilPw@mail.example:465", from: a@example.com, to: b@example.com}\n' +
      'dead_mans_switch: {url: "https://hc.example/p1ngId"}\n';
    const all = showConfig(loaded(secrets, { env: { HOOK: "https://h/fr0mEnv", FIELD: "alsoEnv" } }), null) ?? "";
    for (const secret of ["hunter2", "s3cret", "b34rer", "T0K3N", "fr0mEnv", "alsoEnv", "r0utingK3y", "m4ilPw", "p1ngId"])
      expect(all).not.toContain(secret);
    expect(all).toContain("notify.2.url: ${HOOK}");
    expect(all).toContain("notify.4.smtp: smtps://mail.example:465");
    expect(all).toContain("queues.q.url: http://h/stats?…");
  });
});

describe("config show of probes", () => {
  const rules =
    '    rules: [{rule: http-probe, url: "http://me:hunter2@h/{instance}", headers: {authorization: "Bearer b34rer", x-key: "${KEY}"}, body: /ok/},' +
    ' {rule: exec-probe, argv: [check, --password, hunter3, "--token=t0ken", "${KEY}"]}, {rule: tcp-probe, port: "{env.PORT}"}]\n';
  const all = showConfig(loaded(small(rules), { env: { KEY: "fr0mEnv" } }), "api") ?? "";

  test("hides headers and what looks like a password among the words of a command", () => {
    for (const secret of ["hunter2", "b34rer", "fr0mEnv", "hunter3", "t0ken"]) expect(all).not.toContain(secret);
    expect(all).toContain("rules.exec-probe.argv: [check, --password, ***, --token=***, ${KEY}]");
  });

  test("shows the rest, with what was not written", () => {
    const shown = all.split("\n").map((line) => line.replace(/ {2,}/g, "  "));
    expect(shown).toEqual(
      expect.arrayContaining([
        expect.stringContaining("rules.http-probe.body: /ok/"),
        "strategies.api.rules.exec-probe.exit_codes: 0  # built-in",
        "strategies.api.rules.exec-probe.every: 30s  # built-in",
        "strategies.api.rules.tcp-probe.host: 127.0.0.1  # built-in",
      ]),
    );
  });
});

describe("the difference between two configurations", () => {
  test("lists old and new value of what changed, and nothing else", () => {
    const edited = text.replace("percent: 80", "percent: 75").replace("grace_period_seconds: 2m", "grace_period_seconds: 3m");
    expect(diffConfigs(loaded(text), loaded(edited))).toEqual([
      "strategies.api.grace_period_seconds: 2m → 3m",
      "strategies.api.min_success_rate_percent: 80 → 75",
      "strategies.api.advanced.verify.timeout_seconds: 20m → 30m",
    ]);
  });

  test("is empty for a comment and for blocks that moved", () => {
    const block = "  - {name: b, match: {app: b}}\n";
    const before = small(block);
    const after = `# moved\n${small().replace("  - name: api", `${block}  - name: api`)}`;
    expect(diffConfigs(loaded(before), loaded(after))).toEqual([]);
  });

  test("names what came and what went, and a changed secret without showing it", () => {
    const ping = (key: string): string => small("", `dead_mans_switch: {url: "https://hc.example/${key}"}\n`);
    expect(diffConfigs(loaded(ping("one")), loaded(ping("two")))).toEqual(["dead_mans_switch.url: changed (https://hc.example/…)"]);
    const hook = (key: string): string => small("", `notify: [{type: webhook, url: "https://chat.example/${key}"}]\n`);
    expect(diffConfigs(loaded(hook("one")), loaded(hook("two")))).toEqual(["notify.1.url: changed (https://chat.example/…)"]);
    const diff = diffConfigs(loaded(small()), loaded(small("    rules: [frozen]\n")));
    expect(diff).toEqual(["strategies.api.rules.frozen: (not set) → on"]);
  });
});
