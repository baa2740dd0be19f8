import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ACTIONS } from "../../src/actions/registry.ts";
import type { Action } from "../../src/actions/action.ts";
import type { LogRecord } from "../../src/core/log-record.ts";
import { settledStandings } from "../../src/core/standing.ts";
import { createState, type State } from "../../src/core/state.ts";
import { Engine } from "../../src/daemon/engine.ts";
import { openJournal, type Journal } from "../../src/record/journal.ts";
import { startReducerClock } from "../../src/world/clock/reducer-clock.ts";
import type { Files } from "../../src/world/files/files.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { corePolicy } from "./core-policy.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";
import { fakeProcesses } from "./fake-processes.ts";
import { MemoryPm2 } from "./memory-pm2.ts";
import { scriptedRule, SICK, type Script } from "./scripted-rules.ts";
import { temporaryDir } from "./temporary-dir.ts";

/** The engine with a journal on disk, PM2 in memory, and rules that say what the test wants. */
export interface EngineStage {
  readonly engine: Engine;
  readonly state: State;
  readonly pm2: MemoryPm2;
  readonly clock: FakeClock;
  readonly lines: LogRecord[];
  /** Everything done, in order: `log EVENT`, `journal KIND`, `list`, `restart 0` … */
  readonly did: string[];
  sicken(...ids: readonly string[]): void;
  /** A turn with PM2's list of now, and what follows from it at once. */
  turn(): Promise<void>;
}

export interface EngineStageOptions {
  readonly apps?: readonly string[];
  readonly files?: Files;
  readonly actions?: readonly Action[];
  readonly write?: (record: LogRecord) => void;
}

const UPTIME_MS = 3_600_000;

export function engineStage(options: EngineStageOptions = {}): EngineStage {
  const { apps = ["app"], files = systemFiles(), actions = ACTIONS } = options;
  const clock = fakeClock();
  const reducer = startReducerClock(clock, null);
  const pm2 = new MemoryPm2(() => clock.wallMs());
  const startedWallMs = clock.wallMs() - UPTIME_MS;
  for (const app of apps) pm2.rows.add(app, { startedWallMs, createdWallMs: startedWallMs });
  const scripts = new Map<string, Script>();
  const policy = corePolicy([scriptedRule(scripts)]);
  const state = createState({ policy, self: { pids: [] }, seed: 7, atMs: reducer.nowMs(), wallMs: clock.wallMs() });
  state.standings = settledStandings(policy); // a healer that has run for long
  const [lines, did]: [LogRecord[], string[]] = [[], pm2.calls];
  const journal = openJournal({ files, dir: join(temporaryDir(), "journal"), afterSeq: 0 });
  onTestFinished(() => journal.close());
  const write = (record: LogRecord): void => {
    did.push(`log ${record.event}`);
    lines.push(record);
    options.write?.(record);
  };
  const engine = new Engine({
    ...{ state, clock: reducer, pm2, actions, write },
    journal: overheard(journal, did),
    processes: fakeProcesses(),
    heard: () => ({ isComplete: true, notices: [] }),
    lookForCopies: () => null,
    evidence: { keep: () => Promise.resolve() },
  });
  return {
    ...{ engine, state, pm2, clock, lines, did },
    sicken: (...ids) => ids.forEach((id) => scripts.set(id, SICK)),
    async turn() {
      clock.advance(2_000);
      engine.dispatch({ type: "turn", pm2: pm2.rows.view(), observations: [], stalledMs: 0 });
      await settled();
    },
  };
}

/** Lets everything that waits for nothing but its turn come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function overheard(journal: Journal, did: string[]): Journal {
  return {
    ...{ state: "good", problem: null, recovered: [], findings: [], lastSeq: 0 },
    append(record) {
      const written = journal.append(record);
      did.push(`journal ${record.kind}${written.ok ? "" : " failed"}`);
      return written;
    },
    prune: () => 0,
    close: () => journal.close(),
  };
}
