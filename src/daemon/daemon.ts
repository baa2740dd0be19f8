import type { Action } from "../actions/action.ts";
import type { Compiled } from "../config/compiled.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { Observation } from "../core/observation.ts";
import type { Heard } from "../core/pm2-notice.ts";
import { strategyOf } from "../core/turn.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { openEvidence } from "../record/evidence.ts";
import { readEvidenceOf } from "../record/read-evidence.ts";
import type { HealLog } from "../record/heal-log.ts";
import { newestRecords } from "../record/read-heal-log.ts";
import type { StateHome } from "../record/state-home.ts";
import { createHostReader, type HostReader } from "../sensors/host.ts";
import { createProcessCopies, type ProcessCopies } from "../sensors/process-copies.ts";
import { createIngest } from "../sensors/ingest.ts";
import type { Clock } from "../world/clock/clock.ts";
import type { Files } from "../world/files/files.ts";
import { readOomKills } from "../world/host/oom-kills.ts";
import { openHost } from "../world/host/host.ts";
import type { Pm2, Pm2Hint } from "../world/pm2/pm2.ts";
import type { Processes } from "../world/processes/processes.ts";
import { SensorShelf } from "./sensor-shelf.ts";
import { createControlPlane } from "./control-plane.ts";
import { Curves } from "./curves.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { hostStatus } from "./host-status.ts";
import { leftStopped } from "./left-stopped.ts";
import { LiveConfig } from "./live-config.ts";
import { Loop } from "./loop.ts";
import { systemdNotifier } from "./notify-systemd.ts";
import { DeadMansSwitch } from "./notify/dead-mans-switch.ts";
import { openApi, type OpenApi } from "./open-api.ts";
import { Pm2Heard } from "./pm2-heard.ts";
import { Pm2Watch } from "./pm2-watch.ts";
import { RECENT_MAX, RecentRecords } from "./recent-records.ts";
import { restoreMemory, type Memory } from "./restore.ts";
import { Sensing } from "./sensing.ts";
import { SensorPace } from "./sensor-pace.ts";
import type { ControlPlane } from "./status.ts";
import { TaskCounts } from "./task-counts.ts";
import { Teller } from "./tell.ts";
import { watchedWorkers } from "./watched-workers.ts";

export interface DaemonParts {
  readonly compiled: Compiled;
  readonly text: string;
  readonly pm2Home: string;
  readonly username: string;
  readonly version: string;
  /** Name of this machine. */
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly observe: boolean;
  readonly files: Files;
  readonly home: StateHome;
  readonly healLog: HealLog;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly actions: readonly Action[];
  readonly connect: (onHint: (hint: Pm2Hint) => void, onSkippedRows: (line: string) => void) => Pm2;
}

const REMEMBERED_MS = 86_400_000; // of the heal log, for pages that are opened after a restart
const COPIES_EVERY_MS = 2_000; // who runs beside PM2; a reading takes a millisecond or two

/** The composition root: every part is made here, once, and knows only the parts it is handed. Making it starts nothing. */
export class Daemon {
  readonly #parts: DaemonParts;
  readonly #recent = new RecentRecords();
  readonly #curves = new Curves();
  readonly #tasks = new TaskCounts();
  readonly #turnListeners = new Set<() => void>();
  readonly #ingest = createIngest();
  readonly #shelf = new SensorShelf();
  readonly #host: HostReader;
  readonly #teller: Teller;
  readonly #deadMansSwitch: DeadMansSwitch;
  readonly #memory: Memory;
  readonly #pm2: Pm2;
  readonly #watch: Pm2Watch;
  readonly #heard: Pm2Heard;
  readonly #copies: ProcessCopies;
  readonly #engine: Engine;
  readonly #sensing: Sensing;
  readonly #pace: SensorPace;
  readonly #loop: Loop;
  readonly #config: LiveConfig;
  readonly #plane: ControlPlane;
  readonly #systemd: ReturnType<typeof systemdNotifier>;
  #api: OpenApi | null = null;
  #lastTurnAtMs: number | null = null;
  #saveTrouble: string | null = null;

  constructor(parts: DaemonParts) {
    const { compiled, files, home, env, host, processes, clock: systemClock } = parts;
    const wallMs = (): number => systemClock.wallMs();
    this.#parts = parts;
    const told = { healLog: parts.healLog, recent: this.#recent, files, outbox: home.outbox, host };
    this.#teller = new Teller({ ...told, wallMs, compiled });
    this.#deadMansSwitch = new DeadMansSwitch(this.#teller.tell);
    const selfPids = [process.pid, ...processes.snapshot().ancestors(process.pid)];
    this.#memory = restoreMemory({ files, home, clock: systemClock, policy: compiled.policy, selfPids, host });
    const { state, clock, journal } = this.#memory;
    const onHint = (hint: Pm2Hint): void => this.#hear(hint);
    this.#pm2 = parts.connect(onHint, (line) => this.#tellOf("warn", line));
    this.#watch = new Pm2Watch(this.#pm2);
    this.#heard = new Pm2Heard({ pm2: this.#pm2, nowMs: () => clock.nowMs(), oomKills: readOomKills });
    this.#copies = this.#openCopies(selfPids);
    const lookForCopies: EngineOptions["lookForCopies"] = (pm2) => {
      this.#watch.newest = typeof pm2 === "string" ? null : pm2;
      return this.#copies.lookNow(clock.nowMs());
    };
    const heard = (): Heard => this.#heard.take();
    const kept = { files, processes, dir: home.evidence };
    const evidence = openEvidence(kept, (trouble) => this.#tellOf("warn", trouble));
    const acting = { pm2: this.#pm2, processes, actions: parts.actions, heard, lookForCopies, evidence };
    this.#engine = new Engine({ state, clock, journal, write: this.#teller.tell, ...acting });
    this.#sensing = new Sensing(
      () => clock.nowMs(),
      () => this.#loop.hurry(),
    );
    const startSensors = (): void => this.#sensing.startDue(() => watchedWorkers(state), this.#engine.actionsEnded);
    this.#pace = new SensorPace(startSensors);
    const machine = openHost(home.home);
    this.#host = createHostReader({ read: () => machine.read(), nowMs: () => clock.nowMs() });
    this.#systemd = systemdNotifier(env);
    this.#loop = new Loop({
      engine: this.#engine,
      clock,
      watch: this.#watch,
      startSensors,
      heard,
      observations: () => this.#observations(),
      intervalMs: () => state.policy.intervalMs,
      afterTurn: () => this.#afterTurn(),
    });
    const adopt = (edited: Compiled): void => this.#adopt(edited);
    const rows = (): readonly WorkerRow[] | null => this.#watch.newest?.rows ?? null;
    this.#config = new LiveConfig({
      compiled,
      text: parts.text,
      env,
      observe: parts.observe,
      wallMs,
      rows,
      tell: this.#teller.tell,
      adopt,
    });
    this.#plane = this.#openPlane();
  }

  async start(): Promise<void> {
    const { compiled, version, pm2Home, home, files, clock } = this.#parts;
    this.#recent.restore(newestRecords(files, home.home, { sinceWallMs: clock.wallMs() - REMEMBERED_MS }, RECENT_MAX));
    this.#teller.start();
    this.#deadMansSwitch.use(compiled.deadMansSwitch);
    const mode = compiled.policy.mode === "heal" ? "heal" : "observe (decides and records, does nothing)";
    this.#tellOf("info", `healer ${version} watches PM2 at ${pm2Home}; mode ${mode}; configuration ${compiled.file}`, "daemon_start");
    for (const finding of this.#memory.findings) this.#tellOf("warn", finding);
    const broken = this.#memory.state.journalError;
    if (broken !== null) this.#tellOf("error", `${broken.reason}; healer only observes until a person has looked`);
    this.#useSensors(compiled);
    this.#api = await openApi(this.#plane, { api: compiled.api, home, files, tell: this.#teller.tell });
    this.#config.start();
    this.#loop.start();
    this.#save("now");
    this.#systemd.ready();
  }

  async stop(why: string): Promise<void> {
    this.#systemd.stopping();
    await this.#config.stop();
    await this.#loop.stop();
    this.#pace.stop();
    this.#sensing.close();
    this.#deadMansSwitch.close();
    await this.#api?.close(); // what is ordered now would not be done
    await this.#engine.finish();
    this.#save("now");
    this.#memory.journal.close();
    this.#pm2.close();
    const left = leftStopped(this.#memory.state);
    this.#tellOf(left === "" ? "info" : "warn", `healer stops: ${why}; workers are left as they are${left}`, "daemon_stop");
    await this.#teller.close();
  }

  #openPlane(): ControlPlane {
    const { clock, state } = this.#memory;
    return createControlPlane(this.#engine, this.#recent, {
      version: this.#parts.version,
      user: this.#parts.username,
      home: this.#parts.home.home,
      pm2Home: this.#parts.pm2Home,
      startedWallMs: clock.wallMs(),
      config: () => this.#config.status(),
      shownConfig: () => this.#config.shown(),
      curve: (key, sinceWallMs) => this.#curves.of(key, { sinceWallMs, wallMs: clock.wallMs() }),
      tasks: () => this.#tasks.all(),
      evidence: (healId) => readEvidenceOf(this.#parts.files, this.#parts.home.evidence, healId),
      onTurn: (listener) => {
        this.#turnListeners.add(listener);
        return () => this.#turnListeners.delete(listener);
      },
      url: () => this.#api?.url ?? null,
      host: () => hostStatus(state, this.#host.latest()),
      lastTurnAtMs: () => this.#lastTurnAtMs,
      nowMs: () => clock.nowMs(),
      diskTroubles: () => this.#diskTroubles(),
      tryNotifiers: (channel, by) => this.#teller.tryNotifiers(channel, by),
      ingest: (kind, body) => this.#ingest.accept(kind, body, { atMs: clock.nowMs(), workers: watchedWorkers(state) }),
    });
  }

  #observations(): readonly Observation[] {
    const { targets } = this.#memory.state;
    const observations = [...this.#sensing.drain(), ...this.#ingest.drain()];
    this.#tasks.add(observations, (target) => targets.get(target)?.group ?? null);
    return observations;
  }

  #adopt(edited: Compiled): void {
    this.#teller.use(edited);
    this.#deadMansSwitch.use(edited.deadMansSwitch);
    this.#pm2.wantEnv(edited.envNames);
    this.#watch.lookAgain(); // for apps that only the edit selects
    this.#engine.dispatch({ type: "policy", policy: edited.policy });
    this.#save("if-due");
    this.#useSensors(edited);
    this.#loop.hurry();
  }

  #openCopies(selfPids: readonly number[]): ProcessCopies {
    const { processes, files, pm2Home, clock } = this.#parts;
    const { state } = this.#memory;
    return createProcessCopies({
      ...{ processes, pm2Home, selfPids, realPath: (path) => files.realPath(path), wallMs: () => clock.wallMs() },
      pm2: () => this.#watch.newest,
      maxWorkersOf(group) {
        const target = state.targets.get(group);
        return target === undefined ? null : strategyOf(state, target).knobs.maxWorkers;
      },
      everyMs: COPIES_EVERY_MS,
    });
  }

  #useSensors(compiled: Compiled): void {
    const { intervalMs } = compiled.policy;
    const { processes } = this.#parts;
    const world = { state: this.#memory.state, processes, host: this.#host, pm2: () => this.#watch.newest, bus: this.#pm2 };
    const sensors = [...this.#shelf.build(compiled, world), this.#copies.sensor];
    this.#sensing.use(sensors, intervalMs);
    this.#watch.serve(sensors);
    this.#pace.keep(sensors, intervalMs);
  }

  #hear(hint: Pm2Hint): void {
    this.#heard.hear(hint);
    if (this.#watch.hint(hint)) this.#loop.hurry();
  }

  #afterTurn(): void {
    this.#lastTurnAtMs = this.#memory.state.nowMs;
    this.#systemd.turned();
    this.#deadMansSwitch.turned();
    this.#save("if-due");
    const plane = this.#plane;
    this.#curves.sample(this.#parts.clock.wallMs(), () => plane.status());
    for (const listener of this.#turnListeners) listener();
  }

  #save(when: "if-due" | "now"): void {
    const trouble = this.#memory.save(when);
    if (trouble !== null && trouble !== this.#saveTrouble) this.#tellOf("error", `state.json could not be written: ${trouble}`);
    this.#saveTrouble = trouble;
  }

  #diskTroubles(): readonly string[] {
    const { problem } = this.#parts.healLog;
    return [
      ...(problem === null ? [] : [`the heal log cannot be written: ${problem}`]),
      ...(this.#saveTrouble === null ? [] : [`state.json could not be written: ${this.#saveTrouble}`]),
    ];
  }

  #tellOf(level: LogRecord["level"], reason: string, event: LogRecord["event"] = "alert"): void {
    this.#teller.tell({ level, event, target: "healer", strategy: null, reason });
  }
}
