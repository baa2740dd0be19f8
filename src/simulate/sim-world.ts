import type { Compiled } from "../config/compiled.ts";
import { loadConfig } from "../config/load.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { Fleet } from "./fleet.ts";
import { randomFrom } from "./random.ts";
import { HOME } from "./sim-daemon.ts";
import { SimDisk } from "./sim-disk.ts";
import { SimHost } from "./sim-host.ts";
import { SimPm2 } from "./sim-pm2.ts";
import { SimProcesses } from "./sim-process.ts";
import { SimSensors } from "./sim-sensors.ts";
import { Strays } from "./strays.ts";
import { createTimeline } from "./timeline.ts";
import type { WorldSpec } from "./world-spec.ts";

const UNSEEN_MS = 1_000; // between the list that healer read last and its command, anybody may do anything

/** Everything but healer: the machine, its disk and clocks, PM2, the workers, and what runs beside them. */
export class SimWorld {
  readonly spec: WorldSpec;
  readonly timeline = createTimeline();
  readonly host = new SimHost(() => this.timeline.nowMs);
  readonly disk: SimDisk;
  readonly processes: SimProcesses;
  readonly pm2: SimPm2;
  readonly fleet: Fleet;
  readonly sensors: SimSensors;
  readonly strays: Strays;
  /** pm_ids that an operator has stopped and nobody has started since, and when. */
  readonly stopped = new Map<number, number>();
  /** Lines of the heal log, as they are written. */
  onLog: (record: LogRecord) => void = () => {};
  compiled: Compiled;
  readonly #compiled = new Map<string, Compiled>();

  constructor(spec: WorldSpec) {
    this.spec = spec;
    const random = randomFrom(spec.seed);
    this.disk = new SimDisk(random.split("disk"));
    const pids = random.split("pids");
    this.processes = new SimProcesses(() => pids.next());
    this.fleet = new Fleet(spec.apps, random.split("fleet"));
    this.sensors = new SimSensors(this.fleet, 0);
    this.strays = new Strays(this.processes);
    this.pm2 = new SimPm2({
      timeline: this.timeline,
      processes: this.processes,
      apps: spec.apps,
      wallMs: () => this.host.wallMs(),
      onSpawn: (row, process) => {
        this.stopped.delete(row.pmId);
        const afterMs = this.fleet.crashesAfterMs(row, this.timeline.nowMs);
        if (afterMs !== null) this.timeline.at(this.timeline.nowMs + afterMs, () => this.pm2.exit(process));
      },
    });
    this.compiled = this.load(spec.config);
    for (const app of spec.apps) for (let instance = 0; instance < app.instances; instance++) this.pm2.add(app, String(instance));
  }

  get rows(): ReadonlyMap<number, WorkerRow> {
    return this.pm2.rows;
  }

  get copies(): ReturnType<Strays["copies"]> {
    return this.strays.copies();
  }

  isStranger(name: string): boolean {
    return name === "stranger";
  }

  /** What healer leaves to a person, and says so, is a person's business. */
  heed(record: LogRecord, row: WorkerRow | null): void {
    this.onLog(record);
    if (record.more?.["late_stop"] === true && row !== null) this.stopped.set(row.pmId, this.timeline.nowMs);
  }

  isStoppedByOperator(row: WorkerRow): boolean {
    const atMs = this.stopped.get(row.pmId);
    return atMs !== undefined && row.pid === null && this.timeline.nowMs - atMs > UNSEEN_MS;
  }

  /** null: somebody has set the clock, by which PM2 stamps the starts of processes. */
  ageMs(row: WorkerRow): number | null {
    const process = this.pm2.processOf(row);
    return process === undefined || this.host.isWallSet ? null : this.timeline.nowMs - process.bornMs;
  }

  isOnDisk(healId: string): boolean {
    return this.disk.durablePaths(HOME.journal).some((path) => this.disk.durable(path)?.includes(`"${healId}"`) === true);
  }

  load(config: string): Compiled {
    const compiled = this.#compiled.get(config) ?? this.#compile(config);
    this.#compiled.set(config, compiled);
    return compiled;
  }

  #compile(config: string): Compiled {
    const loaded = loadConfig(config, { file: "simulated.yaml", env: {} });
    if (!loaded.ok) throw new Error(`the world ${this.spec.seed} drew a wrong configuration:\n${JSON.stringify(loaded.error)}\n${config}`);
    return loaded.value;
  }
}
