/** Columns of what `check` prints: fits a split terminal, and a mail. */
const WIDTH = 100;
const TITLE_WIDTH = 13;

/** "  grace period 3 m after any start …", folded under its own beginning. */
export function titled(title: string, text: string): string {
  return fold(text, `  ${title.padEnd(TITLE_WIDTH)}`);
}

/** Words on lines of at most 100 columns; those after the first begin where its text began. */
export function fold(text: string, first = ""): string {
  const rest = " ".repeat(first.length);
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    const isEmpty = line.length <= first.length;
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest + word;
    } else line += isEmpty ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
