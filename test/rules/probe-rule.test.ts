import { describe, expect, it } from "vitest";
import { Probed } from "../support/probed.ts";

const KINDS = [
  ["http-probe", { url: "http://127.0.0.1:3000/health" }, "http://127.0.0.1:3000/health"],
  ["tcp-probe", { port: 3000 }, "127.0.0.1:3000"],
  ["exec-probe", { argv: ["./check.sh", "{instance}"] }, "./check.sh 0"],
  ["synthetic-task", { url: "http://127.0.0.1:8091/{instance}/enqueue" }, "task to http://127.0.0.1:8091/0/enqueue"],
] as const;

describe.each(KINDS)("%s", (name, required, subject) => {
  const probedWith = (params: object = {}): Probed => new Probed(name, { ...required, ...params });

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
    const probed = probedWith({ failures }).answers(answers);
    expect(probed.judge()).toMatchObject({ state, sustained: state === "sick" });
  });

  it("does not count failures of a start, until the first good answer", () => {
    const probed = probedWith({ startup: "5m" }).answers("-----");
    expect(probed.judge().state).toBe("unknown");
    expect(probed.says()).toMatch(/starting up, failures do not count yet$/);
    expect(probed.answers("+--").judge().state).toBe("fine");
    expect(probed.answers("-").judge().state).toBe("sick");
  });

  it("counts them once startup has passed since the process began, not since healer looked", () => {
    const never = probedWith({ startup: "5m" }).answers("-".repeat(33));
    expect(never.judge().state).toBe("sick");
    const old = probedWith({ startup: "5m" });
    old.view.startedAtMs = -3_600_000;
    expect(old.answers("---").judge().state).toBe("sick");
  });

  it("gives a start five minutes unless told otherwise", () => {
    const start = probedWith({ startup: undefined });
    expect(start.answers("-".repeat(29)).judge().state).toBe("unknown");
    expect(start.answers("---").judge().state).toBe("sick");
  });

  it("ignores the answers of another probe of the same worker", () => {
    const probed = probedWith().answers("+++");
    const other = { kind: "probe", target: "api:0", rule: `${name}#2`, atMs: 40_000, ok: false, detail: "HTTP 500" } as const;
    for (let answer = 0; answer < 5; answer++) probed.rule.observe(probed.memory, other, probed.view);
    expect(probed.judge()).toMatchObject({ state: "fine", n: 3 });
  });

  it("says nothing once the last answer is long past", () => {
    const probed = probedWith().answers("---");
    probed.view.nowMs += 60_000;
    expect(probed.judge().state).toBe("sick");
    probed.view.nowMs += 1_000;
    expect(probed.judge()).toMatchObject({ state: "unknown", sustained: false });
    expect(probed.says()).toBe(`${subject}: not probed for 1 m 1 s`);
  });

  it("remembers the longer the rarer it is asked: three probes and an answer", () => {
    const probed = probedWith({ every: "1m", timeout: "5s" }).answers("---");
    probed.view.nowMs += 185_000;
    expect(probed.judge().state).toBe("sick");
    probed.view.nowMs += 1;
    expect(probed.judge().state).toBe("unknown");
  });

  it("says what is asked, and prints the ring with the bad ones starred", () => {
    expect(probedWith().answers("++-+--").says()).toBe(
      `${subject}: 3 of the last 5 probes failed [ok *bad* ok *bad* *bad*], last: no answer in 2 s`,
    );
  });

  it.each([
    ["+++++", "would heal if the next 3 probes fail (30 s)"],
    ["+++--", "would heal if the next probe fails (10 s)"],
    ["--+++", "would heal if the next 3 probes fail (30 s)"],
    ["---", "clears after 3 good probes (30 s)"],
    ["+---+", "clears after 2 good probes (20 s)"],
  ])("after %s says what would change its mind: %s", (answers, words) => {
    const probed = probedWith().answers(answers);
    expect(probed.rule.flip(probed.memory, probed.view, probed.judge())).toBe(words);
  });

  it("means it: whatever the last answers were, so many change the judgement, and one less does not", () => {
    for (let bits = 0; bits < 32; bits++) {
      const answers = bits.toString(2).padStart(5, "0").replaceAll("0", "-").replaceAll("1", "+");
      const { rule, memory, view } = probedWith().answers(answers);
      const now = rule.judge(memory, view);
      const more = Number(/\((\d+) s\)$/.exec(rule.flip(memory, view, now))?.[1]) / 10;
      const sign = now.state === "sick" ? "+" : "-";
      expect(
        probedWith()
          .answers(answers + sign.repeat(more))
          .judge().state,
        answers,
      ).toBe(now.state === "sick" ? "fine" : "sick");
      expect(
        probedWith()
          .answers(answers + sign.repeat(more - 1))
          .judge().state,
        answers,
      ).toBe(now.state);
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
    const probed = probedWith().answers(answers);
    expect(probed.rule.verdict(probed.memory, probed.view)).toBe(verdict);
  });

  it.each(["1", "2", "2 of 3"])("with failures %s, too, a heal has helped after three good answers in a row", (failures) => {
    const verdicts = ["++", "+++", "-++"].map((answers) => {
      const probed = probedWith({ failures }).answers(answers);
      return probed.rule.verdict(probed.memory, probed.view);
    });
    expect(verdicts.slice(0, 2)).toEqual(["undecided", "recovered"]);
    expect(verdicts[2]).not.toBe("recovered");
  });

  it("knows when it became sick, to the probe that made it so", () => {
    expect(probedWith().answers("++----").judge().sinceMs).toBe(50_000);
  });
});
