import { printableText } from "../../world/processes/printable-text.ts";
import { titleOf } from "./command-title.ts";

const HIDDEN = "***";
const WORDS_MAX = 200;
/** Any local user chooses the text: the patterns may take its length squared, so that it has to be short. */
const TEXT_MAX = 1_024;
const SECRET = "(?<![\\w.-])[\\w.-]*(?:pass(?!enger)|secret|token|key|auth|credential|cookie)[\\w.-]*";
const SECRET_OPTION = new RegExp(`^${SECRET}$`, "i");
/** `--token=x`, `API_KEY=x`, `?token=x&`, `Authorization: Bearer x`, also inside the command a shell was given. */
const SECRET_VALUE = new RegExp(`(${SECRET}\\s?[=:]\\s*)(?:(?:bearer|basic)\\s+)?("[^"]*"|'[^']*'|[^\\s&;"']+)`, "gi");
const SECRET_WORD_AFTER = new RegExp(`((?:^|\\s)(?=-)${SECRET}\\s+)("[^"]*"|'[^']*'|[^\\s-]\\S*)`, "gi");
const URL_LOGIN = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;
/** What is a secret by its looks: signed tokens, and keys of well-known services. */
const SECRET_BY_LOOKS = /\b(?:eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?|gh[pousr]_\w{16,}|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16}|sk-[\w-]{16,})/g;
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** A command line for people: one line, its secrets hidden as far as they can be told by name or looks. */
export function shownCommand(argv: readonly string[], charactersMax: number): string {
  const words = maskedWords(argv);
  return printableText(words.map((word) => (/\s/.test(word) && words.length > 1 ? shellWord(word) : word)).join(" "), charactersMax);
}

/** What would start it again, to be pasted into a shell; where a secret was, its place is marked. */
export function restoreCommand(cwd: string | null, argv: readonly string[], charactersMax: number): string {
  const place = cwd === null ? "" : `cd ${shellWord(cwd)} && `;
  return printableText(`${place}${maskedWords(argv).map(shellWord).join(" ")}`, charactersMax);
}

/** Words without their secrets; the empty ones behind a title are gone. */
function maskedWords(argv: readonly string[]): readonly string[] {
  const title = titleOf(argv);
  const words = title === null ? argv : [title];
  return words.slice(0, WORDS_MAX).map((word, at) => {
    const follows = (words[at - 1] ?? "").startsWith("-") && SECRET_OPTION.test(words[at - 1] ?? "") && !word.startsWith("-");
    return follows ? HIDDEN : masked(word);
  });
}

/** A text, not a list of words: variables and titles. */
export function masked(text: string): string {
  // What is cut off in the middle could be half a secret that no pattern knows any more.
  return (text.length > TEXT_MAX ? text.slice(0, TEXT_MAX).replace(/\S*$/, "…") : text)
    .replace(URL_LOGIN, `$1${HIDDEN}@`)
    .replace(SECRET_VALUE, `$1${HIDDEN}`)
    .replace(SECRET_WORD_AFTER, `$1${HIDDEN}`)
    .replace(SECRET_BY_LOOKS, HIDDEN);
}

function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
