/** Names and words as a watched program may choose them, each with what it tries. */
export const HOSTILE = {
  "a new header": "rpa\r\nSet-Cookie: a=b\r\n\r\n<html>",
  "a new event": 'rpa\n\ndata: {"event":"forged"}\n\n',
  "a new metric": 'rpa"} 1\nhealer_mode{a="',
  "a script": "<script>alert(1)</script>",
  "an image that runs": "<img src=x onerror=alert(1)>",
  "colours and a cleared screen": "\u001b[31m\u001b[2J\u001b[Hrpa",
  "a link of the terminal": "\u001b]8;;http://evil.example\u001b\\rpa\u001b]8;;\u001b\\",
  "the terminal's title": "\u001b]0;pwned\u0007rpa",
  "C1 controls": "\u009b31mrpa\u009d0;pwned\u009c\u0090q",
  "the other direction": "rpa\u202egnp.exe\u2066x\u2069",
  "letters without width": "r\u200bp\u00ad\ufeffa\u2060",
  "a line over the one before": "rpa\rhealed \b\b\u0000\u007f",
} as const;

export const HOSTILE_ROWS = Object.entries(HOSTILE);

/** What a terminal obeys: control characters but line feeds, marks of direction, letters without width. */
// oxlint-disable-next-line no-control-regex
export const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
