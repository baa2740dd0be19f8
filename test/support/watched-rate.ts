import type { BoundRule, Epoch, TargetView } from "../../src/core/judgement.ts";
import type { Writable } from "../../src/core/state.ts";
import type { Knobs } from "../../src/core/strategy.ts";
import { addTasks, advanceTasks, createTaskWindows } from "../../src/core/task-windows.ts";
import { bindRule, EPOCH, viewOf } from "./rule-bound.ts";

/** A worker and `success-rate` that watches it; tasks come in as a sensor would bring them. */
export class Watched {
  readonly rule: BoundRule;
  readonly view: Writable<TargetView>;
  memory: unknown;

  constructor(knobs: Partial<Knobs> = {}, epoch: Epoch = EPOCH) {
    this.rule = bindRule("success-rate", {}, knobs);
    this.view = { ...viewOf(), tasks: createTaskWindows(0) };
    this.memory = this.rule.fresh(epoch);
  }

  tasks(atMs: number, ok: number, failed: number): void {
    this.view.nowMs = atMs;
    if (this.view.tasks !== null) addTasks(this.view.tasks, atMs, { ok, failed });
    this.rule.observe(this.memory, { kind: "tasks", target: "api:0", atMs, ok, failed }, this.view);
  }

  judge(atMs = this.view.nowMs) {
    this.view.nowMs = atMs;
    if (this.view.tasks !== null) advanceTasks(this.view.tasks, atMs);
    return this.rule.judge(this.memory, this.view);
  }

  say(): string {
    return this.rule.describe(this.memory, this.view, this.judge());
  }

  flip(): string {
    return this.rule.flip(this.memory, this.view, this.judge());
  }

  verdict() {
    return this.rule.verdict(this.memory, this.view);
  }

  /** Every `everyMs` one task until `untilMs`; `isOk` says how each ended. */
  stream(everyMs: number, untilMs: number, isOk: (index: number) => boolean): void {
    let index = 0;
    for (let atMs = this.view.nowMs + everyMs; atMs <= untilMs; atMs += everyMs, index++) {
      const ok = isOk(index);
      this.tasks(atMs, ok ? 1 : 0, ok ? 0 : 1);
    }
  }
}
