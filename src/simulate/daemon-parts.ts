import type { Compiled } from "../config/compiled.ts";
import type { Effect } from "../core/effect.ts";
import type { Event } from "../core/event.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import type { CopiesSeen, Pm2View } from "../core/observation.ts";
import type { SimActions } from "./sim-actions.ts";
import type { SimDisk } from "./sim-disk.ts";
import type { SimHost } from "./sim-host.ts";
import type { Timeline } from "./timeline.ts";

/** What a life of healer needs of its world. */
export interface DaemonParts {
  readonly timeline: Timeline;
  readonly host: SimHost;
  readonly disk: SimDisk;
  readonly actions: SimActions;
  readonly view: () => Pm2View | string;
  readonly copies: () => CopiesSeen | null;
  readonly compiled: Compiled;
  readonly selfPids: readonly number[];
  readonly snapshotMs: number;
  /** Called between any two effects; throws where healer is to die. */
  readonly boundary: () => void;
  /** Runs what the outside calls back into healer: the one place where its death is noticed. */
  readonly alive: (run: () => void) => void;
  /** A record that is on disk for certain: acknowledged, or found there by the next life. */
  readonly onRecord: (record: JournalRecord, seq: number) => void;
  /** What the journal holds may not be on disk, or not be readable. */
  readonly onJournalFailed: () => void;
  /** All of healer's state has been saved, or what a record of the journal says. */
  readonly onSaved: (atMs: number, what: "all" | "record") => void;
  readonly onStep: (event: Event, effects: readonly Effect[]) => void;
}
