import { readFileSync } from "node:fs";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
}

const NAMES_MAX = 1_000;

/** An account of this machine; null where `/etc/passwd` does not list it (directory services are not asked). */
export function accountOf(who: { readonly name: string } | { readonly uid: number }): Account | null {
  for (const line of passwd().split("\n")) {
    const [name = "", , uidText = "", , , home = ""] = line.split(":");
    const uid = Number(uidText);
    if (name !== "" && ("name" in who ? name === who.name : uid === who.uid)) return { name, uid, home };
  }
  return null;
}

/** "www-data", or "uid 4711" where it has no name. Asked for every process of a list, so that answers are kept. */
export function userName(uid: number): string {
  const known = names.get(uid);
  if (known !== undefined) return known;
  if (names.size >= NAMES_MAX) names.clear();
  const name = accountOf({ uid })?.name ?? `uid ${uid}`;
  names.set(uid, name);
  return name;
}

const names = new Map<number, string>();

function passwd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}
