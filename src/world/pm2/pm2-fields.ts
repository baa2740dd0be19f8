const TEXT_MAX = 1024;

/** Reading `pm2_env`: everything in it is untrusted. */
export type Fields = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.length <= TEXT_MAX ? value : null;
}

/** Variables of a worker overlay its settings in `pm2_env`, so a number may come as text. */
export function wholeOrNull(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

export function positiveOrNull(value: unknown): number | null {
  const number = wholeOrNull(value);
  return number === 0 ? null : number;
}
