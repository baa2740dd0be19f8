import type { Random } from "./random.ts";
import { loseUnsynced, type Inode } from "./sim-inode.ts";

/** Which names there are, as the kernel sees them and as a power cut leaves them: a folder is synced apart from its files. */
export class SimFolders {
  protected names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** What is on the platter of a file, or null: what invariants may believe. */
  durable(path: string): Buffer | null {
    return this.#durableNames.get(path)?.durable ?? null;
  }

  durablePaths(folder: string): readonly string[] {
    return [...this.#durableNames.keys()].filter((path) => path.startsWith(`${folder}/`)).sort();
  }

  /** A person moves a folder's files away. */
  empty(folder: string): void {
    for (const names of [this.names, this.#durableNames])
      for (const name of names.keys()) if (name.startsWith(`${folder}/`)) names.delete(name);
  }

  /** Everything that was not synced may be gone, a part of it may be there, and names may be the old ones. */
  cutPower(): void {
    for (const [name, inode] of this.names) {
      const lasting = this.#durableNames.get(name);
      if (lasting === undefined && this.#random.chance(0.5)) this.#durableNames.set(name, inode); // the kernel was quick
    }
    for (const name of this.#durableNames.keys()) {
      if (!this.names.has(name) && this.#random.chance(0.5)) this.#durableNames.delete(name);
    }
    this.names = new Map(this.#durableNames);
    for (const inode of this.names.values()) loseUnsynced(inode, this.#random);
  }

  protected syncNames(folder: string): void {
    const inside = (name: string): boolean => name.slice(0, name.lastIndexOf("/")) === folder; // not of the folders in it
    for (const name of this.#durableNames.keys()) if (inside(name) && !this.names.has(name)) this.#durableNames.delete(name);
    for (const [name, inode] of this.names) if (inside(name)) this.#durableNames.set(name, inode);
  }
}
