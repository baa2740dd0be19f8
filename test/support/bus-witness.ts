import { connect } from "node:net";
import { socketPaths } from "../../src/world/pm2/socket-path.ts";
import { decodeArgument, FRAME_BYTES_MAX, FrameReader } from "../../src/world/pm2/wire.ts";
import { until } from "./until.ts";

/** One `process:event` of PM2's bus, as the daemon itself tells it. */
export interface BusEvent {
  /** When the witness heard of it. */
  readonly wallMs: number;
  readonly pmId: number;
  readonly name: string;
  readonly event: string;
  readonly status: string;
  readonly startedWallMs: number | null;
  /** Announced by a client after the deed, not observed by the daemon. */
  readonly announced: boolean;
}

/** Somebody who hears everything PM2's daemon says of its processes, and has nothing to do with healer. */
export interface BusWitness {
  readonly events: readonly BusEvent[];
  close(): void;
}

export async function witnessBus(pm2Home: string): Promise<BusWitness> {
  const events: BusEvent[] = [];
  const socket = connect(socketPaths(pm2Home).bus);
  const reader = new FrameReader({
    frameBytesMax: FRAME_BYTES_MAX,
    room: (topic) => (topic.toString() === "s:process:event" ? FRAME_BYTES_MAX : 0),
    onFrame: ([, payload]) => events.push(eventOf(payload === undefined ? null : decodeArgument(payload))),
  });
  let connected = false;
  socket.on("connect", () => (connected = true));
  socket.on("data", (chunk: Buffer) => void reader.push(chunk));
  socket.on("error", () => {});
  await until(() => connected, "PM2's bus");
  return { events, close: () => socket.destroy() };
}

function eventOf(payload: unknown): BusEvent {
  const { event, manually, process } = payload as { event: string; manually: boolean; process: Readonly<Record<string, unknown>> };
  return {
    wallMs: Date.now(),
    pmId: Number(process["pm_id"]),
    name: String(process["name"]),
    event,
    status: String(process["status"]),
    startedWallMs: typeof process["pm_uptime"] === "number" ? process["pm_uptime"] : null,
    announced: manually,
  };
}

/** A start or a stop that somebody commanded; PM2's own restarts of a crashed process are left out. */
export interface Commanded {
  readonly what: "start" | "stop";
  readonly pmId: number;
  /** Of a start as PM2 stamped it, of a stop as it was heard of. */
  readonly wallMs: number;
}

/**
 * A process that is told to end exits in status `stopping`, one that crashes in any other. The next `online` after a
 * commanded end is a commanded start.
 */
export function commandedOf(events: readonly BusEvent[]): readonly Commanded[] {
  const stopped = new Set<number>();
  const commanded: Commanded[] = [];
  for (const { event, status, announced, pmId, wallMs, startedWallMs } of events) {
    if (announced) continue;
    if (event === "exit" && status === "stopping") {
      stopped.add(pmId);
      commanded.push({ what: "stop", pmId, wallMs });
    } else if (event === "online" && stopped.delete(pmId)) commanded.push({ what: "start", pmId, wallMs: startedWallMs ?? wallMs });
  }
  return commanded;
}
