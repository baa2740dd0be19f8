import type { TargetStatus } from "../core/status.ts";
import type { ControlPlane, DaemonStatus } from "../daemon/status.ts";
import { changesOf, toldOf, type Told } from "./fleet-changes.ts";
import type { Changes, FleetMessage } from "./fleet-message.ts";

/** The kind, and the message as JSON, made once for everybody. */
type Listener = (kind: FleetMessage["kind"], json: string) => void;

const GAP_MS = 250; // a crash loop turns a dozen times a second; nobody can read that
const DECIMALS = 10_000; // nobody reads more of a share or a mean; a thousand workers have ten thousand of them

/** What open pages show. Costs nothing while nobody looks: then no turn asks for the status. */
export class FleetFeed {
  readonly #plane: Pick<ControlPlane, "status" | "onTurn">;
  readonly #now: () => number;
  readonly #listeners = new Set<Listener>();
  #known: ReadonlyMap<string, Told> = new Map();
  #configHash = "";
  #toldAtMs = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  constructor(plane: Pick<ControlPlane, "status" | "onTurn">, now: () => number = () => Date.now()) {
    this.#plane = plane;
    this.#now = now;
    plane.onTurn(() => this.#turned());
  }

  /** The listener is told the whole fleet at once. */
  listen(listener: Listener): () => void {
    if (this.#listeners.size > 0) this.#tell(); // so that the others, too, know what this one begins with
    this.#listeners.add(listener);
    listener("fleet", asJson(this.#whole(this.#plane.status())));
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
    const status = this.#plane.status();
    const isAnother = status.config.hash !== this.#configHash; // it can take fields away, which a change has no words for
    const message = isAnother ? this.#whole(status) : this.#changes(status);
    const json = asJson(message);
    for (const listener of this.#listeners) listener(message.kind, json);
  }

  #whole(status: DaemonStatus): FleetMessage {
    this.#known = knownOf(status.targets);
    this.#configHash = status.config.hash;
    return { kind: "fleet", at: this.#at(), status };
  }

  #changes({ targets, ...rest }: DaemonStatus): FleetMessage {
    const before = this.#known;
    this.#known = knownOf(targets);
    const gone = [...before.keys()].filter((id) => !this.#known.has(id));
    return { kind: "turn", at: this.#at(), rest, gone, changed: byFields(this.#known, before) };
  }

  #at(): string {
    return new Date(this.#now()).toISOString();
  }
}

function asJson(message: FleetMessage): string {
  return JSON.stringify(message, (_name, value: unknown) => (typeof value === "number" ? Math.round(value * DECIMALS) / DECIMALS : value));
}

function knownOf(targets: readonly TargetStatus[]): ReadonlyMap<string, Told> {
  return new Map(targets.map((target) => [target.id, toldOf(target)]));
}

function byFields(known: ReadonlyMap<string, Told>, before: ReadonlyMap<string, Told>): readonly Changes[] {
  const found = new Map<string, { readonly fields: readonly string[]; readonly targets: [id: string, ...values: unknown[]][] }>();
  for (const [id, told] of known) {
    const changes = changesOf(told, before.get(id));
    if (changes.size === 0) continue;
    const fields = [...changes.keys()];
    const key = fields.join(" ");
    const same = found.get(key) ?? { fields, targets: [] };
    found.set(key, same);
    same.targets.push([id, ...changes.values()]);
  }
  return [...found.values()];
}
