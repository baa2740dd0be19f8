import type { EventBody } from "../../src/core/event.ts";
import type { Pm2Notice } from "../../src/core/pm2-notice.ts";
import type { Json, LogRecord } from "../../src/core/log-record.ts";
import { restartStatusOf, type RestartStatus } from "../../src/core/status-restarts.ts";
import { CoreWorld } from "./core-world.ts";
import type { ScriptedRow } from "./scripted-pm2.ts";

/** How a worker ends, as PM2 logs it; a signal leaves code 0. */
export interface End {
  readonly exitCode?: number;
  readonly signal?: string | null;
  readonly oomKills?: number | null;
}

/** A world whose PM2 says on its bus what the real one does (measured), and healer listens. */
export class HearingWorld extends CoreWorld {
  readonly notices: Pm2Notice[] = [];
  /** False = there is no bus. */
  isListening = true;

  override send(body: EventBody): void {
    const notices = (this as { readonly notices?: Pm2Notice[] }).notices?.splice(0) ?? []; // none while the world is being made
    super.send("pm2" in body ? { ...body, heard: { isComplete: this.isListening, notices: this.isListening ? notices : [] } } : body);
  }

  get app(): ScriptedRow {
    return this.pm2.row("app:0");
  }

  /** It ends, and PM2 has it back at once. */
  crash(end: End, row = this.app): void {
    this.say(exitNotice(row, this.wallMs, end));
    row.exitCode = end.exitCode ?? 0;
    this.pm2.crash(row);
  }

  /** `why`: what PM2 says before, of a restart of its own. */
  restart(row = this.app, why: readonly Pm2Notice[] = []): void {
    this.say(...why, { kind: "stopping", pmId: row.pmId, app: row.name, wallMs: this.wallMs }, exitNotice(row, this.wallMs, {}));
    row.exitCode = 0;
    this.pm2.restart(row);
  }

  say(...notices: readonly Pm2Notice[]): void {
    this.notices.push(...notices);
  }

  restarts(id = "app:0"): RestartStatus {
    const status = restartStatusOf(this.state, this.target(id));
    if (status === null) throw new Error(`${id} has no restarts`);
    return status;
  }

  /** What the newest line of an event adds. */
  newest(event: LogRecord["event"]): Readonly<Record<string, Json>> {
    return this.lines(event).at(-1)?.more ?? {};
  }
}

function exitNotice(row: ScriptedRow, wallMs: number, { exitCode = 0, signal = null, oomKills = null }: End): Pm2Notice {
  return { kind: "exit", pmId: row.pmId, wallMs, exitCode, signal, oomKills };
}
