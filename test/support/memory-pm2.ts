import { failure, success } from "../../src/core/outcome.ts";
import type { Pm2View } from "../../src/core/observation.ts";
import type { Pm2, Pm2Error, Pm2Outcome } from "../../src/world/pm2/pm2.ts";
import { ScriptedPm2, type ScriptedRow } from "./scripted-pm2.ts";

export const GONE: Pm2Error = { kind: "absent", message: "no PM2 daemon at /pm2/rpc.sock" };

type RowCommand = "restart" | "reload" | "stop" | "start" | "remove";
type CommandName = RowCommand | "prepare" | "duplicate";

/** PM2 in memory, behind the door's contract, for whoever uses the door. The door itself is tried on the real one. */
export class MemoryPm2 implements Pm2 {
  readonly rows: ScriptedPm2;
  /** `list`, `restart 0`, … in the order in which they were asked. */
  readonly calls: string[] = [];
  /** Errors that the next calls of that name meet, one each. */
  readonly failures: { name: "list" | CommandName; error: Pm2Error }[] = [];
  readonly wanted: (readonly string[])[] = [];
  busConnected = true;
  /** Whoever hears of exceptions now. */
  hearer: ((pmId: number) => void) | null = null;
  /** What PM2 does meanwhile: a crash loop that goes on after a stop. */
  afterCommand: (name: CommandName, row: ScriptedRow) => void = () => {};
  #held: Promise<void> | null = null;

  constructor(wallMs: () => number = () => Date.now()) {
    this.rows = new ScriptedPm2(wallMs);
  }

  get lists(): number {
    return this.calls.filter((call) => call === "list").length;
  }

  /** No call is answered until what this returns is called. */
  hang(): () => void {
    let release = (): void => {};
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = null;
        resolve();
      };
    });
    return release;
  }

  async list(): Promise<Pm2Outcome<Pm2View>> {
    const failed = await this.#ask("list", "list");
    if (failed !== null) return failure(failed);
    const view = this.rows.view();
    return typeof view === "string" ? failure({ kind: "lost", message: view }) : success(view);
  }

  restart(pmId: number): Promise<Pm2Outcome<null>> {
    return this.#command("restart", pmId, (row) => this.rows.restart(row));
  }

  reload(pmId: number): Promise<Pm2Outcome<null>> {
    return this.#command("reload", pmId, (row) => this.rows.restart(row));
  }

  stop(pmId: number): Promise<Pm2Outcome<null>> {
    return this.#command("stop", pmId, (row) => this.rows.stop(row));
  }

  start(pmId: number): Promise<Pm2Outcome<null>> {
    return this.#command("start", pmId, (row) => (row.pid === null ? this.rows.start(row) : undefined));
  }

  /** The row is of the kind that `ScriptedPm2` makes; of the definition it has the name and the namespace. */
  async prepare(definition: unknown): Promise<Pm2Outcome<null>> {
    const { name, namespace = "default", status } = definition as { readonly name: string; namespace?: string; status?: string };
    const failed = await this.#ask("prepare", `prepare ${name}`);
    if (failed !== null) return failure(failed);
    const row = this.rows.add(name, { namespace, ...(status === "stopped" ? { status, pid: null } : {}) });
    this.afterCommand("prepare", row);
    return success(null);
  }

  async duplicate(pmId: number, createdWallMs: number): Promise<Pm2Outcome<null>> {
    const failed = await this.#ask("duplicate", `duplicate ${pmId}`);
    if (failed !== null) return failure(failed);
    const row = this.rows.rows.get(pmId);
    if (row === undefined) return failure({ kind: "unknown-id", message: `${pmId} : id unknown` });
    this.afterCommand("duplicate", this.rows.duplicate(row, createdWallMs));
    return success(null);
  }

  remove(pmId: number): Promise<Pm2Outcome<null>> {
    return this.#command("remove", pmId, (row) => this.rows.delete(row));
  }

  get busSilence(): string | null {
    return this.busConnected ? null : "PM2's bus does not answer";
  }

  hearExceptions(hear: ((pmId: number) => void) | null): void {
    this.hearer = hear;
  }

  wantEnv(names: readonly string[]): void {
    this.wanted.push(names);
  }

  close(): void {}

  async #command(name: RowCommand, pmId: number, perform: (row: ScriptedRow) => void): Promise<Pm2Outcome<null>> {
    const failed = await this.#ask(name, `${name} ${pmId}`);
    if (failed !== null) return failure(failed);
    const row = this.rows.rows.get(pmId);
    if (row === undefined) return failure({ kind: "unknown-id", message: `${pmId} : id unknown` });
    perform(row);
    this.afterCommand(name, row);
    return success(null);
  }

  async #ask(name: "list" | CommandName, call: string): Promise<Pm2Error | null> {
    this.calls.push(call);
    await this.#held;
    const index = this.failures.findIndex((failing) => failing.name === name);
    return index === -1 ? null : (this.failures.splice(index, 1)[0]?.error ?? null);
  }
}
