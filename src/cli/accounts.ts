import { readFileSync } from "node:fs";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
}

/** An account of this machine; null where `/etc/passwd` does not list it (directory services are not asked). */
export function accountOf(who: { readonly name: string } | { readonly uid: number }): Account | null {
  for (const line of passwd().split("\n")) {
    const [name = "", , uidText = "", , , home = ""] = line.split(":");
    const uid = Number(uidText);
    if (name !== "" && ("name" in who ? name === who.name : uid === who.uid)) return { name, uid, home };
  }
  return null;
}

function passwd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}
