import { widthOf } from "../src/cli/text-layout.ts";

/** A terminal's text with its colours as a picture: what SGR codes 0–9 and 30–37 say, on a dark ground. The same text gives the same picture. */
export function ansiSvg(text: string, title: string): string {
  const lines = [`\u001b[2m${title}\u001b[22m`, ...text.split("\n")];
  const width = Math.round(COLUMNS * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const rows = lines.map((line, row) => `<text y="${MARGIN + row * CELL.height + BASELINE}">${spansOf(line).map(tspan).join("")}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="6" fill="#16191f"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="#d5d9e0" xml:space="preserve">
${rows.join("\n")}
</g>
</svg>
`;
}

const COLUMNS = 80;
const CELL = { width: 7.83, height: 18 }; // 13 px of a monospace face is 0.602 em wide
const MARGIN = 14;
const BASELINE = 13;
const COLOURS: Readonly<Record<number, string>> = {
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#76d9e6",
};

interface Span {
  readonly column: number;
  readonly text: string;
  readonly colour: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
}

function spansOf(line: string): readonly Span[] {
  const spans: Span[] = [];
  let column = 0;
  let style: Pick<Span, "colour" | "bold" | "dim"> = { colour: null, bold: false, dim: false };
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  for (const part of line.split(/(\u001b\[[\d;]*m)/)) {
    if (part.startsWith("\u001b[")) for (const code of part.slice(2, -1).split(";")) style = styleAfter(style, Number(code));
    else if (part !== "") {
      spans.push({ column, text: part, ...style });
      column += widthOf(part);
    }
  }
  return spans;
}

function styleAfter(style: Pick<Span, "colour" | "bold" | "dim">, code: number): Pick<Span, "colour" | "bold" | "dim"> {
  if (code === 0) return { colour: null, bold: false, dim: false };
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  return code === 39 ? { ...style, colour: null } : { ...style, colour: COLOURS[code] ?? style.colour };
}

/** Each word at its own column: whatever face the reader has, the columns stand under each other. */
function tspan({ column, text, colour, bold, dim }: Span): string {
  const look = `${colour === null ? "" : ` fill="${colour}"`}${bold ? ' font-weight="bold"' : ""}${dim ? ' opacity="0.6"' : ""}`;
  const words = [...text.matchAll(/\S+/g)].map((word) => ({ at: column + widthOf(text.slice(0, word.index)), word: word[0] }));
  return words.map(({ at, word }) => `<tspan x="${(MARGIN + at * CELL.width).toFixed(1)}"${look}>${escaped(word)}</tspan>`).join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
