import type { BoundRule, TargetView } from "../../src/core/judgement.ts";
import type { Writable } from "../../src/core/state.ts";
import { bindRule, EPOCH, viewOf } from "./rule-bound.ts";
import { workerRow } from "./worker-row.ts";

/** A process read every `everyMs`, PM2's list with it, and the rule asked each time, as the daemon's turns do. */
export class FrozenProcess {
  readonly rule: BoundRule;
  readonly view: Writable<TargetView>;
  memory: unknown;
  switches = 100;

  constructor(params: unknown = {}, options: { isNode?: boolean } = {}) {
    this.rule = bindRule("frozen", params);
    this.view = { ...viewOf({ row: workerRow({ isNode: options.isNode ?? true }) }) };
    this.memory = this.rule.fresh(EPOCH);
  }

  read(atMs: number, state: string, beats: number, pid = 4242): void {
    this.view.nowMs = atMs;
    this.switches += beats;
    this.rule.observe(this.memory, { kind: "pulse", target: "api:0", atMs, pid, state, voluntarySwitches: this.switches }, this.view);
  }

  /** What a list that comes with the last reading says of its event loop; null = it can be compared with nothing. */
  list(turned: boolean | null, pid = 4242): void {
    this.rule.observe(this.memory, { kind: "loop-turn", target: "api:0", atMs: this.view.nowMs, pid, turned }, this.view);
  }

  /**
   * Readings for `forMs` from now on, with lists where `turned` is said; answers when it was first judged sick, ms from the
   * start of the stretch.
   */
  live(
    forMs: number,
    state: string,
    beats: number,
    { everyMs = 2000, turned }: { everyMs?: number; turned?: boolean } = {},
  ): number | null {
    const fromMs = this.view.nowMs;
    for (let atMs = fromMs + everyMs; atMs <= fromMs + forMs; atMs += everyMs) {
      this.read(atMs, state, beats);
      if (turned !== undefined) this.list(turned);
      if (this.judge().state === "sick") return atMs - fromMs;
    }
    return null;
  }

  judge() {
    return this.rule.judge(this.memory, this.view);
  }

  verdict(): string {
    return this.rule.verdict(this.memory, this.view);
  }

  flip(): string {
    return this.rule.flip(this.memory, this.view, this.judge());
  }

  say(): string {
    return this.rule.describe(this.memory, this.view, this.judge());
  }
}
