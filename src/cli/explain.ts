import { newestRecords } from "../record/read-heal-log.ts";
import { flatten } from "../core/sealed-record.ts";
import { printableJson } from "../record/printable.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { controlClient } from "./control-client.ts";
import { askTarget, giveUp } from "./daemon-answers.ts";
import { explainPage } from "./explain-page.ts";
import { healStory } from "./heal-story.ts";
import { candidateHomes } from "./homes.ts";
import { EXIT } from "./io.ts";
import type { Terminal } from "./terminal.ts";

export interface ExplainCommand {
  /** A target as a person writes it, or the id of a heal. */
  readonly about: string;
  readonly json?: boolean;
}

const HEAL_ID = /^\d{8}-\d{6}-\d+$/;
const STORY_RECORDS_MAX = 500;

/** `healer explain`: why a target is, or is not, healed now; or the story of one heal, from the heal log alone. */
export async function runExplain({ about, json }: ExplainCommand, terminal: Terminal): Promise<number> {
  if (HEAL_ID.test(about)) return explainHeal(about, json === true, terminal);
  const asked = await askTarget(controlClient(terminal), about);
  if (!asked.ok) return giveUp(terminal, asked.error);
  terminal.out(json === true ? printableJson(asked.value, 2) : explainPage(asked.value.explain, terminal, Date.now()));
  return EXIT.fine;
}

function explainHeal(healId: string, json: boolean, terminal: Terminal): number {
  const homes = candidateHomes(terminal.env);
  const found = homes.map((home) => newestRecords(systemFiles(), home, { healId }, STORY_RECORDS_MAX));
  const records = found.find((each) => each.length > 0);
  if (records === undefined) {
    terminal.err(`no heal ${healId} in the heal log of ${homes.join(" or ")}`);
    return EXIT.usage;
  }
  terminal.out(json ? printableJson(records.map(flatten), 2) : healStory(records, terminal));
  return EXIT.fine;
}
