import { join } from "node:path";
import { tailJournal } from "../../support/journal-tail.ts";
import { until } from "../../support/until.ts";
import { graceOver, instanceOf, nowIso, type Stage } from "../stage.ts";

/** Ten seconds as healer counts them, and as PM2's stamps and the log's show them. */
export const AT_LEAST_ONLINE_MS = 9_500;

export interface HandReplace {
  readonly verdict: unknown;
  /** The process is the one that was there before. */
  readonly isSame: boolean;
  readonly rows: number;
}

export async function handReplace(stage: Stage, app: string): Promise<HandReplace> {
  await graceOver(stage, app);
  const [before] = await stage.rows(app);
  const onset = nowIso();
  await order(stage, app);
  const line = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 120_000, onset);
  const rows = await stage.rows(app);
  return { verdict: line["verdict"], isSame: rows[0]?.pid === before?.pid && rows[0]?.status === "online", rows: rows.length };
}

export interface Killed {
  readonly rows: number;
  readonly instance: number;
  readonly status: string | undefined;
  readonly isAnother: boolean;
  /** Second ones that were ever started for this heal, by PM2's numbering. */
  readonly added: number;
  readonly verdict: unknown;
}

/** Replaces it by hand, kills healer at that moment, and starts healer again. */
export async function killedMidway(stage: Stage, app: string, moment: "two are there" | "the old one is to go"): Promise<Killed> {
  await graceOver(stage, app);
  const [before] = await stage.rows(app);
  const onset = nowIso();
  const journal = tailJournal(join(stage.healer.home, "journal"));
  await order(stage, app);
  await until(
    () => {
      journal.look();
      const notes = journal.entries.filter(({ wallMs }) => wallMs >= Date.parse(onset)).map(({ note }) => note);
      return moment === "two are there" ? notes.some((note) => note["added"] != null) : notes.some((note) => note["step"] === "remove");
    },
    moment,
    60_000,
  );
  await stage.healer.kill();
  await stage.healer.start();
  const line = await stage.waitFor(app, ({ event }) => event === "heal_verdict", 120_000, onset);
  const rows = await stage.rows(app);
  const [after] = rows;
  return {
    rows: rows.length,
    instance: after === undefined ? -1 : instanceOf(after),
    status: after?.status,
    isAnother: after?.pid !== before?.pid,
    added: (after?.pmId ?? 0) - (before?.pmId ?? 0),
    verdict: line["verdict"],
  };
}

async function order(stage: Stage, app: string): Promise<void> {
  const answer = await stage.healer.call("POST", `/api/targets/${app}:0/heal`, { by: "the test", action: "replace", force: [] });
  const { code } = answer.json as { readonly code?: number };
  if (code !== 0) throw new Error(`not begun: ${JSON.stringify(answer.json)}`);
}
