import type { Json } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import { inWords } from "../core/words.ts";
import { paint, plain, type Style, type Terminal } from "./terminal.ts";
import { wrap } from "./text-layout.ts";

const LEVEL_STYLES: Readonly<Record<SealedRecord["level"], Style | null>> = { info: null, warn: "yellow", error: "red" };

/** One heal told from its records, oldest first: what was seen, what was done, whether it helped. */
export function healStory(records: readonly SealedRecord[], terminal: Pick<Terminal, "columns" | "colour">): string {
  const [first] = records;
  if (first === undefined) return "no records";
  const intent = records.find(({ event }) => event === "heal_intent");
  const verdict = records.findLast(({ event }) => event === "heal_verdict");
  const action = textOf(intent?.more?.["action"]);
  const title = `Heal ${first.heal_id ?? ""} of ${first.target}${action === null ? "" : `: ${action}`}`;
  const ending = verdict === undefined ? "no verdict yet" : `${textOf(verdict.more?.["verdict"]) ?? "ended"}${timesOf(verdict)}`;
  return [
    paint(terminal, "bold", plain(title)),
    `  strategy ${plain(first.strategy ?? "none")}, rule ${plain(textOf(intent?.more?.["rule"]) ?? "unknown")}, ${plain(ending)}`,
    "",
    ...records.flatMap((record) => recordLines(record, Date.parse(first.ts), terminal)),
  ].join("\n");
}

function recordLines(record: SealedRecord, startWallMs: number, terminal: Pick<Terminal, "columns" | "colour">): readonly string[] {
  const afterMs = Date.parse(record.ts) - startWallMs;
  const when = afterMs === 0 ? record.ts.replace("T", " ").replace(/\.\d+Z$/, " UTC") : `after ${inWords(afterMs)}`;
  return [
    paint(terminal, LEVEL_STYLES[record.level], `  ${when}: ${headlineOf(record)}`),
    ...wrap(plain(record.reason), terminal.columns, "      "),
  ];
}

function headlineOf(record: SealedRecord): string {
  const by = textOf(record.more?.["by"]);
  if (record.event === "heal_intent") return plain(`healer decided to act${by === null ? "" : `, asked by ${by}`}`);
  if (record.event === "heal_action") return actionHeadline(record);
  if (record.event === "heal_verdict") return plain(`verdict: ${textOf(record.more?.["verdict"]) ?? "unknown"}`);
  return plain(record.event.replaceAll("_", " "));
}

function actionHeadline({ more }: SealedRecord): string {
  const took = typeof more?.["took_ms"] === "number" ? ` in ${inWords(more["took_ms"])}` : "";
  return more?.["ok"] === false ? `the action FAILED${took}` : `the action was carried out${took}`;
}

/** ", detected after 40 s, recovered after 3 m 40 s", counted from the symptom. */
function timesOf({ more }: SealedRecord): string {
  const detect = more?.["time_to_detect_ms"];
  const recover = more?.["time_to_recover_ms"];
  const detected = typeof detect === "number" ? `, detected after ${inWords(detect)}` : "";
  return `${detected}${typeof recover === "number" ? `, recovered after ${inWords(recover)}` : ""}`;
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
