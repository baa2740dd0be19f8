import type { Terminal } from "./terminal.ts";

/** The other screen, without a cursor, and without lines that run over: what stood there before comes back afterwards. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const FRAME = "\x1b[?2026h\x1b[H"; // drawn as one, where the terminal knows how
const FRAME_END = "\x1b[J\x1b[?2026l";
const LINE_END = "\x1b[K";

export interface RedrawnPage {
  draw(page: string): void;
  end(): void;
}

/** A page that is drawn over itself, line by line, so that nothing flickers. Where nobody looks (a pipe) each page follows the last one. */
export function redrawnPage(terminal: Terminal): RedrawnPage {
  if (!terminal.live) return { draw: (page) => terminal.raw(`${page}\n\n`), end: () => undefined };
  terminal.raw(ENTER);
  return {
    draw: (page) =>
      terminal.raw(
        `${FRAME}${fitted(page, terminal.rows)
          .map((line) => `${line}${LINE_END}`)
          .join("\r\n")}${FRAME_END}`,
      ),
    end: () => terminal.raw(LEAVE),
  };
}

/** What does not fit is said: the last line stands for it. */
function fitted(page: string, rows: number): readonly string[] {
  const lines = page.split("\n");
  if (lines.length <= rows) return lines;
  return [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines: a taller window, or healer status`];
}
