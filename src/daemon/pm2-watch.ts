import type { Pm2View } from "../core/observation.ts";
import type { Pm2, Pm2Hint } from "../world/pm2/pm2.ts";

const LIST_AT_LEAST_EVERY_MS = 15_000; // a deletion never appears on the bus (pm2.md §2.2)
const REMEMBERED = 64;
const PATIENCE_LEAST_MS = 5;
const PATIENCE_AT_FIRST_MS = 60_000; // the door gives up long before
const STEADY = new Set(["online", "stopped", "errored"]);

/**
 * Lists PM2 only when there is something to see: one list costs PM2's daemon 35 ms at 500 workers. The bus says when;
 * without it, or while any row is between two states, every turn lists.
 */
export class Pm2Watch {
  readonly #pm2: Pick<Pm2, "list" | "busConnected">;
  #hinted = true;
  #restless = true;
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #served: readonly { readonly listEveryMs?: number | undefined }[] = [];
  #took: readonly number[] = [];
  /** The newest list, with every row of it; null = PM2 is not in sight. */
  newest: Pm2View | null = null;
  /** How long the newest list took, ms; hinted turns keep a distance in proportion. */
  listTookMs = 0;

  constructor(pm2: Pick<Pm2, "list" | "busConnected">) {
    this.#pm2 = pm2;
  }

  /** Returns true when the hint is worth a turn of its own: somebody died. */
  hint(hint: Pm2Hint): boolean {
    if (hint.kind === "said") return false;
    this.#hinted = true;
    return hint.kind === "exit" || hint.kind === "errored";
  }

  /** The next turn lists, whatever PM2 says: other rows or other variables of them count from now on. */
  lookAgain(): void {
    this.#hinted = true;
  }

  /** Whether `read` would list. */
  isDue(nowMs: number): boolean {
    return this.#hinted || this.#restless || !this.#pm2.busConnected || nowMs - this.#listedAtMs >= this.#atLeastEveryMs();
  }

  /** Of those who live on the list itself, the quickest says how often it is read while nothing seems to change. */
  serve(sensors: readonly { readonly listEveryMs?: number | undefined }[]): void {
    this.#served = sensors;
  }

  #atLeastEveryMs(): number {
    return Math.min(LIST_AT_LEAST_EVERY_MS, ...this.#served.map(({ listEveryMs }) => listEveryMs ?? LIST_AT_LEAST_EVERY_MS));
  }

  /**
   * How long a turn waits for a list: twice what they usually take. A PM2 with its hands full, of a flood of log lines for
   * one, answers late; the turn goes on without and takes the answer when it comes. The first list is waited for.
   */
  get patienceMs(): number {
    const median = this.#took.toSorted((one, other) => one - other)[this.#took.length >> 1];
    return median === undefined ? PATIENCE_AT_FIRST_MS : Math.max(PATIENCE_LEAST_MS, 2 * median);
  }

  /** null = nothing can have changed since the last list. A string = PM2 could not be read, and why. */
  async read(nowMs: number): Promise<Pm2View | string | null> {
    if (!this.isDue(nowMs)) return null;
    this.#hinted = false;
    const startedAt = performance.now();
    const listed = await this.#pm2.list();
    this.listTookMs = performance.now() - startedAt;
    this.#listedAtMs = nowMs;
    if (listed.ok) this.#took = [...this.#took, this.listTookMs].slice(-REMEMBERED);
    this.newest = listed.ok ? listed.value : null;
    this.#restless =
      !listed.ok || listed.value.rows.some(({ status, pid }) => !STEADY.has(status) || (status === "online") !== (pid !== null));
    return listed.ok ? listed.value : listed.error.message;
  }
}
