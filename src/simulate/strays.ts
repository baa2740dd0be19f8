import type { OutsideCopy } from "../core/copy.ts";
import type { CopiesSeen } from "../core/observation.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { SimProcess, SimProcesses } from "./sim-process.ts";

/** Processes that run an app's program beside PM2's rows, and what a look round finds of them. */
export class Strays {
  readonly #processes: SimProcesses;
  #strays: {
    readonly process: SimProcess;
    readonly owner: OutsideCopy["owner"];
    readonly instance: string | null;
    readonly wallMs: number;
  }[] = [];

  constructor(processes: SimProcesses) {
    this.#processes = processes;
  }

  add(process: SimProcess, stray: { owner: OutsideCopy["owner"]; instance: string | null; wallMs: number }): void {
    this.#strays.push({ process, ...stray });
  }

  /** The first one ends by itself, and somebody else gets its pid at once. */
  endFirst(): void {
    const [first] = this.copies();
    if (first !== undefined) this.#processes.end(first);
  }

  clear(): void {
    for (const copy of this.copies()) this.#processes.end(copy);
  }

  copies(): readonly OutsideCopy[] {
    this.#strays = this.#strays.filter(({ process }) => this.#processes.alive.get(process.pid)?.startTicks === process.startTicks);
    return this.#strays.map(({ process, owner, instance, wallMs }) => ({
      group: process.app,
      script: `/srv/${process.app}.js`,
      owner,
      pid: process.pid,
      startTicks: process.startTicks,
      startedWallMs: wallMs,
      instance,
      command: `node /srv/${process.app}.js`,
      commandHash: process.app,
      untouchable: null,
      restore: `cd /srv && node /srv/${process.app}.js`,
      origin: ORIGIN,
    }));
  }

  look(rows: Iterable<WorkerRow>, atMs: number): CopiesSeen {
    const origins = [...rows].flatMap(({ pid }) => (pid === null ? [] : [{ pid, origin: ORIGIN }]));
    return { atMs, copies: this.copies(), rows: origins };
  }
}

/** Started from a shell that has ended, in a session without a terminal. */
export const ORIGIN: OutsideCopy["origin"] = {
  ancestors: [{ pid: 1, command: "/sbin/init", user: "root", started: "2026-11-01T00:00:00.000Z" }],
  user: "app",
  login: null,
  session: { id: 4711, leader: null, terminal: null },
  unit: "cron.service",
  cwd: "/srv",
  pwd: "/srv",
  marks: {},
  output: null,
  ports: [],
};
