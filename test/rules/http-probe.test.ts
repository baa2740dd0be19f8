import { describe, expect, it } from "vitest";
import type { BoundRule, TargetView } from "../../src/core/judgement.ts";
import type { Writable } from "../../src/core/state.ts";
import { RULES } from "../../src/rules/registry.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";

const URL = "http://127.0.0.1:3000/health";

/** Answers as a string, oldest first: `+` good, `-` bad, ten seconds apart. */
class Probed {
  readonly rule: BoundRule;
  readonly view: Writable<TargetView> = { ...viewOf() };
  memory: unknown;

  constructor(params: object = {}) {
    this.rule = bindRule("http-probe", { url: URL, startup: 0, ...params });
    this.memory = this.rule.fresh(EPOCH);
  }

  answers(signs: string): this {
    for (const sign of signs) {
      this.view.nowMs += 10_000;
      const ok = sign === "+";
      const detail = ok ? "HTTP 200" : "no answer in 2 s";
      this.rule.observe(this.memory, { kind: "probe", target: "api:0", rule: "http-probe", atMs: this.view.nowMs, ok, detail }, this.view);
    }
    return this;
  }

  judge() {
    return this.rule.judge(this.memory, this.view);
  }
}

describe("http-probe", () => {
  it.each([
    ["3 of 5", "", "unknown"],
    ["3 of 5", "+++++", "fine"],
    ["3 of 5", "++--", "fine"],
    ["3 of 5", "+---", "sick"],
    ["3 of 5", "---", "sick"],
    ["3 of 5", "-+-+-", "sick"],
    ["3 of 5", "-+-++-", "fine"],
    ["3 of 5", "---+++", "fine"],
    [3, "-+--", "fine"],
    [3, "+---", "sick"],
    ["1", "+-", "sick"],
  ] as const)("with failures: %s calls %s %s", (failures, answers, state) => {
    const probed = new Probed({ failures }).answers(answers);
    expect(probed.judge()).toMatchObject({ state, sustained: state === "sick" });
  });

  it("does not count failures of a start, until the first good answer", () => {
    const probed = new Probed({ startup: "5m" }).answers("-----");
    expect(probed.judge().state).toBe("unknown");
    expect(probed.answers("+--").judge().state).toBe("fine");
    expect(probed.answers("-").judge().state).toBe("sick");
  });

  it("counts them once startup has passed since the process began, not since healer looked", () => {
    const never = new Probed({ startup: "5m" }).answers("-".repeat(33));
    expect(never.judge().state).toBe("sick");
    const old = new Probed({ startup: "5m" });
    old.view.startedAtMs = -3_600_000;
    expect(old.answers("---").judge().state).toBe("sick");
  });

  it("names the port it asks, and nothing else of the worker's environment", () => {
    const probed = new Probed({ url: "http://127.0.0.1:{env.PORT}/{name}" });
    const say = (env: Record<string, string>): string => {
      probed.view.row = { ...probed.view.row!, env };
      return probed.rule.describe(probed.memory, probed.view, probed.judge());
    };
    expect(say({ PORT: "3000" })).toMatch(/^http:\/\/127\.0\.0\.1:3000\//);
    expect(say({ PORT: "secret" })).toMatch(/^http:\/\/127\.0\.0\.1:\{env\.PORT\}\//);
  });

  it("ignores the answers of another probe of the same worker", () => {
    const probed = new Probed().answers("+++");
    const other = { kind: "probe", target: "api:0", rule: "http-probe#2", atMs: 40_000, ok: false, detail: "HTTP 500" } as const;
    for (let answer = 0; answer < 5; answer++) probed.rule.observe(probed.memory, other, probed.view);
    expect(probed.judge()).toMatchObject({ state: "fine", n: 3 });
  });

  it("says nothing once the last answer is long past", () => {
    const probed = new Probed().answers("---");
    probed.view.nowMs += 61_000;
    expect(probed.judge()).toMatchObject({ state: "unknown", sustained: false });
  });

  it("prints the ring with the bad ones starred", () => {
    const probed = new Probed().answers("++-+--");
    expect(probed.rule.describe(probed.memory, probed.view, probed.judge())).toBe(
      `${URL}: 3 of the last 5 probes failed [ok *bad* ok *bad* *bad*], last: no answer in 2 s`,
    );
  });

  it.each([
    ["+++++", "would heal if the next 3 probes fail (30 s)"],
    ["+++--", "would heal if the next probe fails (10 s)"],
    ["--+++", "would heal if the next 3 probes fail (30 s)"],
    ["---", "clears after 3 good probes (30 s)"],
    ["+---+", "clears after 2 good probes (20 s)"],
  ])("after %s says what would change its mind: %s", (answers, words) => {
    const probed = new Probed().answers(answers);
    expect(probed.rule.flip(probed.memory, probed.view, probed.judge())).toBe(words);
  });

  it("means it: whatever the last answers were, so many change the judgement, and one less does not", () => {
    for (let bits = 0; bits < 32; bits++) {
      const answers = bits.toString(2).padStart(5, "0").replaceAll("0", "-").replaceAll("1", "+");
      const { rule, memory, view } = new Probed().answers(answers);
      const now = rule.judge(memory, view);
      const more = Number(/\((\d+) s\)$/.exec(rule.flip(memory, view, now))?.[1]) / 10;
      const sign = now.state === "sick" ? "+" : "-";
      expect(new Probed().answers(answers + sign.repeat(more)).judge().state, answers).toBe(now.state === "sick" ? "fine" : "sick");
      expect(new Probed().answers(answers + sign.repeat(more - 1)).judge().state, answers).toBe(now.state);
    }
  });

  it.each([
    ["+++", "recovered"],
    ["++", "undecided"],
    ["++-", "undecided"],
    ["--+++", "recovered"],
    ["---", "failed"],
    ["", "undecided"],
  ])("after a heal followed by %s says %s", (answers, verdict) => {
    const probed = new Probed().answers(answers);
    expect(probed.rule.verdict(probed.memory, probed.view)).toBe(verdict);
  });

  it("knows when it became sick, to the probe that made it so", () => {
    expect(new Probed().answers("++----").judge().sinceMs).toBe(50_000);
  });

  it.each([
    [{ url: URL }, null],
    [{ url: "http://127.0.0.1:{env.PORT}/health", failures: 3, expect: [200, "301-302"] }, null],
    [{ url: "http://{name}.internal:8{instance}/" }, null],
    [{}, "url"],
    [{ url: "127.0.0.1:3000" }, "url"],
    [{ url: "http://127.0.0.1:{PORT}/" }, "url"],
    [{ url: URL, timeout: 3000 }, "timeout"],
    [{ url: URL, failures: "6 of 5" }, "failures"],
    [{ url: URL, expect: "2xx" }, "expect"],
    [{ url: URL, evry: "5s" }, ""],
  ])("of the parameters %j finds wrong: %s", (params, wrong) => {
    const rule = RULES.find((candidate) => candidate.name === "http-probe");
    const result = rule?.params.safeParse(params);
    expect(result?.success === true ? null : result?.error.issues.map((issue) => issue.path.join(".")).join()).toBe(wrong);
  });
});
