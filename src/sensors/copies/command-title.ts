/**
 * The title that stands where the command line was: Node writes one text over it and NULs over the rest, and PM2 makes
 * every Node worker do so ("node /srv/worker.js"), arguments gone. null = a list of words.
 */
export function titleOf(argv: readonly string[]): string | null {
  const title = argv[0] ?? "";
  const overwritten = argv.length > 1 || /\s/.test(title);
  return title !== "" && overwritten && argv.every((word, at) => at === 0 || word === "") ? title : null;
}

/** A short command line leaves room for the beginning of the title only. */
export function titleNames(title: string, script: string): boolean {
  const [, runtime = "", path = ""] = /^(node|bun) (.+)$/s.exec(title) ?? [];
  return runtime !== "" && path.length >= TITLE_CHARACTERS_MIN && script.startsWith(path);
}

const TITLE_CHARACTERS_MIN = 8;
