/** One operating-system process that runs an app's program, whoever started it. */
export interface SimProcess {
  readonly pid: number;
  /** With the pid its identity: a pid that is used again has another. */
  readonly startTicks: number;
  readonly bornMs: number;
  readonly app: string;
  readonly instance: string;
  /** Share of its tasks that go well, if something in the process is broken; a restart cures it. */
  wedgedAt: number | null;
  /** Does nothing and answers nobody. */
  isFrozen: boolean;
  /** Grows by so many bytes a second. */
  leakBytesPerS: number;
  /** Voluntary context switches so far. */
  switches: number;
}

/** Pids are few, so that they come back soon. */
const PIDS = { first: 100, count: 300 } as const;

/** All processes of the machine, by pid. */
export class SimProcesses {
  readonly alive = new Map<number, SimProcess>();
  readonly #random: () => number;
  #born = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  spawn(app: string, instance: string, bornMs: number): SimProcess {
    let pid = PIDS.first + Math.floor(this.#random() * PIDS.count);
    while (this.alive.has(pid)) pid = PIDS.first + ((pid - PIDS.first + 1) % PIDS.count);
    const startTicks = ++this.#born;
    const process = { pid, startTicks, bornMs, app, instance, wedgedAt: null, isFrozen: false, leakBytesPerS: 0, switches: 0 };
    this.alive.set(pid, process);
    return process;
  }

  /** Only the very process meant: a pid may belong to another by now. */
  end(process: Pick<SimProcess, "pid" | "startTicks">): boolean {
    if (this.alive.get(process.pid)?.startTicks !== process.startTicks) return false;
    return this.alive.delete(process.pid);
  }
}
