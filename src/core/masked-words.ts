/**
 * Command lines without their secrets, as far as those can be told by name or looks: what healer shows, and writes down, of
 * other people's processes.
 */

const HIDDEN = "***";
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

/** Word by word: the word behind `--token` as well. */
export function maskedWords(words: readonly string[]): readonly string[] {
  return words.map((word, at) => {
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

/** As a shell takes it. */
export function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
