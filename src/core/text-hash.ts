/**
 * 32 bits of a text, the same everywhere and for ever: FNV-1a, then MurmurHash3's finish, without which `app:0`, `app:1`,
 * `app:2` would fall side by side. Tells texts apart; keeps nothing secret that can be guessed, and proves nothing.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
