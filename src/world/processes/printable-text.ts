/** Controls, line separators, and marks that reverse the direction of text or take no room: a terminal obeys them. */
const OBEYED = /[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

/** Words of a foreign process on one line that a terminal shows instead of obeying, cut to the length given. */
export function printableText(text: string, charactersMax: number): string {
  const shown = text.slice(0, 2 * charactersMax).replace(OBEYED, "\u00b7");
  return shown.length > charactersMax ? `${shown.slice(0, charactersMax - 1)}\u2026` : shown;
}
