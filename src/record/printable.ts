/**
 * What a terminal would obey instead of showing: C0 and C1 controls, DEL, line separators, marks that reverse the
 * direction of text or take no room. Names and messages of watched programs may hold them.
 */
const OBEYED = "\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb";
const OBEYED_CHARACTER = new RegExp(`[${OBEYED}]`, "g");

/** The text with such characters spelt out (`\n`, `\x1b`, `\u202e`), on one line. */
export function printable(text: string): string {
  return text.replace(OBEYED_CHARACTER, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/**
 * JSON that a terminal shows as it stands, on one line without `indent`. The value is the same: only the spelling of
 * characters differs. JSON has line feeds between its values only.
 */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(OBEYED_CHARACTER, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
