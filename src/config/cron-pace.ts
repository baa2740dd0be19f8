/** How often a cron pattern fires in its busiest hour; null = not a pattern that is understood here. Five fields, or six with seconds. */
export function cronRunsPerHour(pattern: string): number | null {
  const fields = pattern.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) return null;
  const [seconds, minutes] = fields.length === 6 ? [fields[0] ?? "", fields[1] ?? ""] : ["0", fields[0] ?? ""];
  const [inMinute, inHour] = [valuesOf(seconds), valuesOf(minutes)];
  return inMinute === null || inHour === null ? null : inMinute * inHour;
}

const SIXTY = 60; // seconds and minutes alike

/** How many of 0–59 a field names: `*`, a step, a range, a list. */
function valuesOf(field: string): number | null {
  const named = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return null;
    const [, star, first, last, step] = match;
    const from = star === undefined ? Number(first) : 0;
    const to = star !== undefined || (step !== undefined && last === undefined) ? SIXTY - 1 : Number(last ?? first);
    if (to >= SIXTY || to < from || step === "0") return null;
    for (let value = from; value <= to; value += Number(step ?? 1)) named.add(value);
  }
  return named.size;
}
