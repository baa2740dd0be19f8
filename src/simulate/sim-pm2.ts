import type { WorkerRow } from "../core/worker-row.ts";
import { SimPm2Table } from "./sim-pm2-table.ts";
import type { Pm2Command, Pm2Reply } from "./sim-pm2-words.ts";

/** PM2 as far as healer can tell: its table, and commands that take their time, fail, or are carried out without a word. */
export class SimPm2 extends SimPm2Table {
  /** A command over PM2's socket, from healer or from anybody else. `reply` comes later, or never. */
  command(command: Pm2Command, pmId: number, reply: (reply: Pm2Reply) => void): void {
    const { mode, latencyMs } = this.trouble;
    const { generation } = this;
    const answer = (result: Pm2Reply): void => {
      if (generation !== this.generation) reply({ ok: false, error: "the connection was lost" });
      else if (mode === "does-it-without-a-reply" || mode === "never-answers") return;
      else reply(result);
    };
    if (this.lost !== null) return reply({ ok: false, error: this.lost });
    this.timeline.at(this.timeline.nowMs + latencyMs, () => {
      if (generation !== this.generation) return answer({ ok: false, error: "the connection was lost" });
      if (mode === "refuses") return answer({ ok: false, error: "PM2 says no" });
      if (mode === "never-answers") return;
      this.#perform(command, pmId, answer);
    });
  }

  /** The same by an operator, who has another connection and more patience. */
  order(name: Pm2Command, pmId: number, done: () => void): void {
    const { generation } = this;
    this.timeline.at(this.timeline.nowMs + 200, () => {
      if (generation !== this.generation) return;
      this.#perform(name, pmId, ({ ok }) => {
        if (ok && generation === this.generation) done();
      });
    });
  }

  #perform(name: Pm2Command, pmId: number, answer: (reply: Pm2Reply) => void): void {
    const row = this.rows.get(pmId);
    if (row === undefined) return answer({ ok: false, error: `process ${pmId} not found` });
    // One after the other, where another command is at it.
    if (row.status === "stopping") return this.timeline.at(this.timeline.nowMs + 250, () => this.#perform(name, pmId, answer));
    if (typeof name === "object") return this.#duplicate(row, name.createdWallMs, answer);
    if (name === "start") {
      if (row.pid !== null) return answer({ ok: false, error: "process already online" });
      this.spawn(row, { commanded: true });
      return answer(DONE);
    }
    this.end(row, () => {
      const now = this.rows.get(pmId);
      if (now === undefined) return answer({ ok: false, error: `process ${pmId} not found` });
      if (name === "delete") {
        this.rows.delete(pmId);
        this.changes++;
      } else if (name === "stop") this.set(now, { pid: null, status: "stopped" });
      else this.spawn(row.pid === null ? now : this.set(now, { restarts: now.restarts + 1 }), { commanded: true });
      answer(DONE);
    });
  }

  #duplicate(row: WorkerRow, createdWallMs: number, answer: (reply: Pm2Reply) => void): void {
    const app = this.appOf(row);
    if (app !== undefined) this.add(app, row.instance, createdWallMs);
    answer(DONE);
  }
}

const DONE: Pm2Reply = { ok: true, error: null };
