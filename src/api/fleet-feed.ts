import type { TargetStatus } from "../core/status.ts";
import type { ControlPlane } from "../daemon/status.ts";
import type { FleetMessage } from "./fleet-message.ts";

type Changed = Extract<FleetMessage, { kind: "turn" }>["changed"];
/** The kind, and the message as JSON, made once for everybody. */
type Listener = (kind: FleetMessage["kind"], json: string) => void;
type Fields = ReadonlyMap<string, string>;

const GAP_MS = 250; // a crash loop turns a dozen times a second; nobody can read that
/** It grows with every turn; whoever shows it adds the time that has passed. Sent along when the process is another one. */
const GROWING = "uptime_ms";

/** What open pages show. Costs nothing while nobody looks: then no turn asks for the status. */
export class FleetFeed {
  readonly #plane: Pick<ControlPlane, "status" | "onTurn">;
  readonly #now: () => number;
  readonly #listeners = new Set<Listener>();
  #known = new Map<string, Fields>();
  #toldAtMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(plane: Pick<ControlPlane, "status" | "onTurn">, now: () => number = () => Date.now()) {
    this.#plane = plane;
    this.#now = now;
    plane.onTurn(() => this.#turned());
  }

  /** The listener is told the whole fleet at once. */
  listen(listener: Listener): () => void {
    const status = this.#plane.status();
    if (this.#listeners.size === 0) this.#known = fieldsOf(status.targets);
    else this.#tell(); // so that the others, too, know what this one begins with
    this.#listeners.add(listener);
    listener("fleet", asJson({ kind: "fleet", at: new Date(this.#now()).toISOString(), status }));
    return () => this.#listeners.delete(listener);
  }

  #turned(): void {
    if (this.#listeners.size === 0 || this.#timer !== null) return;
    const waitMs = this.#toldAtMs + GAP_MS - this.#now();
    if (waitMs <= 0) return this.#tell();
    this.#timer = setTimeout(() => this.#tell(), Math.min(waitMs, GAP_MS)).unref();
  }

  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#toldAtMs = this.#now();
    const { targets, ...rest } = this.#plane.status();
    const before = this.#known;
    this.#known = fieldsOf(targets);
    const gone = [...before.keys()].filter((id) => !this.#known.has(id));
    const changed = targets.flatMap((target) => changesOf(target, before.get(target.id), this.#known.get(target.id)));
    const message: FleetMessage = { kind: "turn", at: new Date(this.#now()).toISOString(), rest, changed, gone };
    const json = asJson(message);
    for (const listener of this.#listeners) listener("turn", json);
  }
}

/** Shares and means have no more than four decimals that anybody reads; a thousand workers have ten thousand of them. */
function asJson(message: FleetMessage): string {
  return JSON.stringify(message, (_name, value: unknown) => (typeof value === "number" ? Math.round(value * 10_000) / 10_000 : value));
}

function fieldsOf(targets: readonly TargetStatus[]): Map<string, Fields> {
  return new Map(
    targets.map((target) => [target.id, new Map(Object.entries(target).map(([name, value]) => [name, JSON.stringify(value)]))]),
  );
}

function changesOf(target: TargetStatus, before: Fields | undefined, now: Fields | undefined): Changed {
  if (before === undefined) return [target];
  const isAnother = before.get("pid") !== now?.get("pid");
  const names = [...(now?.keys() ?? [])].filter((name) => (name === GROWING ? isAnother : before.get(name) !== now?.get(name)));
  if (names.length === 0) return [];
  return [{ id: target.id, ...Object.fromEntries(Object.entries(target).filter(([name]) => names.includes(name))) }];
}
