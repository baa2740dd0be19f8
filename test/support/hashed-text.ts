const HEAL_ID = /^\d{8}-\d{6}-\d+$/;
const KNOWN_MAX = 100_000;
const hashes = new Map<string, number>();
const healIds = new Map<string, { readonly wallMs: number; readonly count: number }>();

/** 32 bits of a text; each is worked out once. */
export function hashOf(text: string): number {
  const known = hashes.get(text);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  if (hashes.size < KNOWN_MAX) hashes.set(text, hash);
  return hash;
}

/** "20261122-223105-7": when, and the how many-th; null = no id of a heal. */
export function healIdOf(text: string): { readonly wallMs: number; readonly count: number } | null {
  if (!HEAL_ID.test(text)) return null;
  const known = healIds.get(text);
  if (known !== undefined) return known;
  const [date = "", time = "", count = ""] = text.split("-");
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
  const id = { wallMs: Date.parse(iso), count: Number(count) };
  if (healIds.size < KNOWN_MAX) healIds.set(text, id);
  return id;
}
