import { describe, expect, it } from "vitest";
import type { QueueFacts, TargetView } from "../../src/core/judgement.ts";
import type { UnansweredTask } from "../../src/core/observation.ts";
import { RULES } from "../../src/rules/registry.ts";
import { KNOBS } from "../support/core-policy.ts";
import { wrongPaths } from "../support/probed.ts";
import { bindRule, EPOCH, viewOf } from "../support/rule-bound.ts";
import { workerRow } from "../support/worker-row.ts";

const URL = "http://127.0.0.1:8091/api/enqueue";
const MINUTE = 60_000;

function queueFacts(part: Partial<QueueFacts>): QueueFacts {
  const figures = { pending: 0, running: 0, totals: null, totalsOnly: true, seenSinceMs: 0, countedSinceMs: null };
  return { queue: "llm", atMs: 0, ...figures, lastFinishedAtMs: null, pendingSinceMs: null, ...part };
}

/** A group whose tasks do not come back, a minute apart; what the queue says is read anew each time. */
class Asked {
  readonly rule = bindRule("synthetic-task", { url: URL, startup: 0, failures: 3 });
  readonly memory = this.rule.fresh(EPOCH);
  view: TargetView = viewOf({ kind: "group", row: null, startedAtMs: null });

  answer(ok: boolean, unanswered?: UnansweredTask): void {
    const detail = ok ? "done within 1 s" : "not back after 30 s";
    const base = { kind: "probe", target: "rpa", rule: this.rule.key, atMs: this.view.nowMs - 30_000, ok, detail } as const;
    this.rule.observe(this.memory, unanswered === undefined ? base : { ...base, unanswered }, this.view);
  }

  silent(rounds: number, facts: Partial<QueueFacts> | null, task: Partial<UnansweredTask> = {}): this {
    for (let round = 0; round < rounds; round++) {
      this.at(this.view.nowMs + MINUTE, facts);
      this.answer(false, { taken: false, sentAtMs: this.view.nowMs - 30_000, own: 1, ...task });
    }
    return this;
  }

  at(nowMs: number, facts: Partial<QueueFacts> | null): void {
    this.view = { ...this.view, nowMs, queues: facts === null ? [] : [queueFacts({ atMs: nowMs, ...facts })] };
  }

  state(): string {
    return this.rule.judge(this.memory, this.view).state;
  }

  says(): string {
    return this.rule.describe(this.memory, this.view, this.rule.judge(this.memory, this.view));
  }
}

describe("synthetic-task, of tasks that do not come back", () => {
  it.each([
    ["no queue is named", null, {}],
    ["nothing else waits", { pending: 1 }, {}],
    ["nothing else waits, with two of its own", { pending: 2 }, { own: 2 }],
    ["others wait, but a worker has it in hand", { pending: 500, running: 3 }, { taken: true }],
    ["others wait, as an old reading says", { pending: 500, atMs: 0 }, {}],
    ["others wait, and nothing was finished for five minutes", { pending: 500, running: 3 }, { sentAtMs: 0 }],
  ])("calls the group sick after three when %s", (_when, facts, task) => {
    const asked = new Asked();
    asked.at(10 * MINUTE, facts);
    expect(asked.silent(2, facts, task).state()).toBe("fine");
    expect(asked.silent(1, facts, task).state()).toBe("sick");
    expect(asked.says()).toContain("3 of the last 3 probes failed [*bad* *bad* *bad*], last: not back after 30 s");
  });

  it.each([
    ["another task waits", { pending: 2 }, "with 1 other task waiting and 0 in hand in llm"],
    ["none waits, and all may be busy with long ones", { pending: 1, running: 3 }, "with 0 other tasks waiting and 3 in hand in llm"],
  ])("concludes nothing when %s", (_when, facts, words) => {
    const asked = new Asked().silent(4, facts);
    expect(asked.state()).toBe("unknown");
    expect(asked.says()).toBe(`task to ${URL}: not back after 30 s, ${words}, which proves nothing`);
  });

  it("concludes nothing of a deep queue that is worked off, however long its task waits", () => {
    const asked = new Asked();
    for (let minute = 1; minute < 120; minute++) {
      asked.silent(1, { pending: 500, running: 3, lastFinishedAtMs: minute * MINUTE - 5_000 }, { sentAtMs: 0, own: 2 });
      expect(asked.state()).toBe("unknown");
    }
  });

  it("waits for its own timeout where that is longer than five minutes", () => {
    const rule = bindRule("synthetic-task", { url: URL, timeout: "20m", every: "20m", startup: 0, failures: 1 });
    const memory = rule.fresh(EPOCH);
    const at = (minute: number): string => {
      const view = viewOf({ kind: "group", nowMs: minute * MINUTE, queues: [queueFacts({ pending: 9, atMs: minute * MINUTE })] });
      const unanswered = { taken: false, sentAtMs: 0, own: 1 };
      rule.observe(memory, { kind: "probe", target: "rpa", rule: rule.key, atMs: 0, ok: false, detail: "", unanswered }, view);
      return rule.judge(memory, view).state;
    };
    expect([at(19), at(20)]).toEqual(["unknown", "sick"]);
  });

  it("concludes nothing while the queue cannot be read", () => {
    const asked = new Asked();
    asked.view = { ...asked.view, blind: "connection refused" };
    expect(asked.silent(4, null).state()).toBe("unknown");
    expect(asked.says()).toContain("not back after 30 s, and the queue cannot be read (connection refused), which proves nothing");
  });

  it("is fine again with a task that came back, and has helped after three in a row", () => {
    const asked = new Asked().silent(3, null);
    const verdicts = [1, 2, 3].map(() => {
      asked.at(asked.view.nowMs + MINUTE, null);
      asked.answer(true);
      return asked.rule.verdict(asked.memory, asked.view);
    });
    expect(verdicts).toEqual(["undecided", "undecided", "recovered"]);
    expect(asked.state()).toBe("fine");
    expect(JSON.parse(JSON.stringify(asked.memory))).toEqual(asked.memory);
  });

  it("keeps a proven symptom while late ones prove nothing, until it is out of date", () => {
    const asked = new Asked().silent(3, null).silent(1, { pending: 9 });
    expect(asked.state()).toBe("sick");
    expect(asked.says()).toContain("which proves nothing; before that, 3 of the last 3 probes failed");
    expect(asked.silent(4, { pending: 9 }).state()).toBe("unknown");
  });
});

describe("synthetic-task", () => {
  it.each([
    [{}, "group"],
    [{ body: { worker: "{name}" } }, "group"],
    [{ body: { worker: ["x", { lane: "{instance}" }] } }, "worker"],
    [{ url: "http://127.0.0.1:{env.PORT}/enqueue" }, "worker"],
    [{ result_url: "http://127.0.0.1/{pm_id}/{id}" }, "worker"],
  ])("with %j judges each %s", (params, scope) => {
    expect(bindRule("synthetic-task", { url: URL, ...params }).scope).toBe(scope);
  });

  it("keeps its body and headers out of what is saved", () => {
    const { fingerprint } = bindRule("synthetic-task", { url: URL, body: { key: "s3cret" }, headers: { authorization: "Bearer b34rer" } });
    expect(fingerprint).not.toMatch(/s3cret|b34rer/);
  });

  it.each([
    [{ url: URL }, null],
    [
      { url: URL, body: { id: "{id}", lane: "{instance}" }, result_url: "http://127.0.0.1/t/{id}?w={name}", every: "5s", failures: 3 },
      null,
    ],
    [{ url: URL, body: { text: "{print $1} {}" } }, null],
    [{ url: URL, fields: { status: "task.state", success: "ok" }, statuses: { ok: ["fin"] } }, null],
    [{}, "url"],
    [{ url: "http://127.0.0.1/{id}/enqueue" }, "url"],
    [{ url: "http://127.0.0.1/jobs" }, "result_url"],
    [{ url: URL, result_url: "http://127.0.0.1/jobs/last" }, "result_url"],
    [{ url: URL, every: "4s" }, "every"],
    [{ url: URL, timeout: "2h" }, "timeout"],
    [{ url: URL, body: "health_check" }, "body"],
    [{ url: URL, body: { lane: "{PORT}" } }, "body"],
    [{ url: URL, body: { text: "x".repeat(16_001) } }, "body"],
    [{ url: URL, headers: { "content-length": "3" } }, "headers.content-length"],
    [{ url: URL, fields: { state: "x" } }, "fields"],
    [{ url: URL, statuses: { done: ["x"] } }, "statuses"],
    [{ url: URL, statuses: { ok: "done" } }, "statuses.ok"],
    [{ url: URL, method: "PUT" }, ""],
  ])("of the parameters %j finds wrong: %s", (params, wrong) => {
    expect(wrongPaths("synthetic-task", params)).toBe(wrong);
  });

  it("advises to name the queue, and to tell groups apart that may share one", () => {
    const rule = RULES.find(({ name }) => name === "synthetic-task");
    const advise = (params: object, names: readonly string[], hasQueue: boolean): readonly (string | null)[] => {
      const bound = rule?.bind(rule.params.parse({ url: URL, ...params }), { key: "synthetic-task", observeOnly: false, knobs: KNOBS });
      const groups = new Map(names.map((name) => [name, [workerRow({ name })]]));
      return bound?.advise({ groups, hasQueue, hostMemoryBytes: null }).map(({ key }) => key) ?? [];
    };
    expect(advise({}, ["a"], true)).toEqual([]);
    expect(advise({}, ["a"], false)).toEqual([null]);
    expect(advise({}, ["a", "b"], true)).toEqual(["body"]);
    expect(advise({ body: { app: "{name}" } }, ["a", "b"], true)).toEqual([]);
    expect(advise({ timeout: "2m" }, ["a"], true)).toEqual(["timeout"]);
  });
});
