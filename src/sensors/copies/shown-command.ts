import { maskedWords, shellWord } from "../../core/masked-words.ts";
import { printableText } from "../../world/processes/printable-text.ts";
import { titleOf } from "./command-title.ts";

const WORDS_MAX = 200;

/** A command line for people: one line, its secrets hidden as far as they can be told by name or looks. */
export function shownCommand(argv: readonly string[], charactersMax: number): string {
  const words = wordsOf(argv);
  return printableText(words.map((word) => (/\s/.test(word) && words.length > 1 ? shellWord(word) : word)).join(" "), charactersMax);
}

/** What would start it again, to be pasted into a shell; where a secret was, its place is marked. */
export function restoreCommand(cwd: string | null, argv: readonly string[], charactersMax: number): string {
  const place = cwd === null ? "" : `cd ${shellWord(cwd)} && `;
  return printableText(`${place}${wordsOf(argv).map(shellWord).join(" ")}`, charactersMax);
}

/** The empty words behind a title are gone. */
function wordsOf(argv: readonly string[]): readonly string[] {
  const title = titleOf(argv);
  return maskedWords((title === null ? argv : [title]).slice(0, WORDS_MAX));
}
