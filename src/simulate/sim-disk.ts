import { failure, success } from "../core/outcome.ts";
import type { AppendFile, FileFacts, FileOutcome, Files, ReadFile } from "../world/files/files.ts";
import type { Random } from "./random.ts";
import { SimFolders } from "./sim-folders.ts";
import { absent, append, factsOf, failed, makeDurable, newInode, truncate, type DiskTrouble, type Inode } from "./sim-inode.ts";

/**
 * A disk in memory behind the door `Files`, with the two levels a real one has: what was written, which a killed process
 * leaves behind, and what was synced, which is all that a power cut leaves, give or take a torn tail. `before` is called
 * ahead of every operation that changes something, so that healer can be made to die between any two of them.
 */
export class SimDisk extends SimFolders implements Files {
  trouble: DiskTrouble = { writes: null, syncs: false, reads: false };
  before: () => void = () => {};
  readonly #random: Random;
  #inodes = 0;

  constructor(random: Random) {
    super(random);
    this.#random = random;
  }

  makeDir(): FileOutcome<null> {
    return success(null);
  }

  list(path: string): FileOutcome<readonly string[]> {
    if (this.trouble.reads) return failed(path, "EIO");
    const names = [...this.names.keys()].filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1));
    return success(names.filter((name) => !name.includes("/")).sort());
  }

  facts(path: string): FileOutcome<FileFacts> {
    const inode = this.names.get(path);
    return inode === undefined ? absent(path) : success(factsOf(inode));
  }

  read(path: string, bytesMax: number): FileOutcome<Buffer> {
    const inode = this.names.get(path);
    if (inode === undefined) return absent(path);
    if (this.trouble.reads) return failed(path, "EIO");
    if (inode.content.length > bytesMax) return failure({ kind: "too-large", message: `${path} is larger than ${bytesMax} bytes` });
    return success(Buffer.from(inode.content));
  }

  replace(path: string, content: string, previousPath?: string): FileOutcome<null> {
    const temporary = `${path}.tmp`;
    this.before();
    this.names.delete(temporary);
    const inode = this.#create(temporary);
    const written = this.#write(temporary, inode, Buffer.from(content));
    const synced = written.ok ? this.#sync(temporary, inode) : written;
    if (!synced.ok) return synced;
    const old = this.names.get(path);
    if (previousPath !== undefined && old !== undefined) {
      this.before();
      this.names.set(previousPath, old);
    }
    const renamed = this.rename(temporary, path);
    return renamed.ok ? this.syncDir(path.slice(0, path.lastIndexOf("/"))) : renamed;
  }

  rename(from: string, to: string): FileOutcome<null> {
    this.before();
    const inode = this.names.get(from);
    if (inode === undefined) return absent(from);
    this.names.set(to, inode);
    this.names.delete(from);
    return success(null);
  }

  remove(path: string): FileOutcome<null> {
    this.before();
    return this.names.delete(path) ? success(null) : absent(path);
  }

  syncDir(path: string): FileOutcome<null> {
    this.before();
    if (this.trouble.syncs) return failed(path, "EIO");
    this.syncNames(path);
    return success(null);
  }

  openAppend(path: string, wanted: "new" | "any"): FileOutcome<AppendFile> {
    this.before();
    const found = this.names.get(path);
    if (found !== undefined && wanted === "new") return failure({ kind: "exists", message: `${path} exists` });
    if (found === undefined && this.trouble.writes !== null) return this.#refused(path);
    const inode = found ?? this.#create(path);
    return success({
      write: (bytes) => this.#write(path, inode, bytes),
      sync: () => this.#sync(path, inode),
      truncate: (bytes) => {
        this.before();
        truncate(inode, bytes);
        return success(null);
      },
      facts: () => success(factsOf(inode)),
      close: () => {},
    });
  }

  openRead(path: string): FileOutcome<ReadFile> {
    const inode = this.names.get(path);
    if (inode === undefined) return absent(path);
    return success({
      read: (buffer, position) => success(inode.content.copy(buffer, 0, position)),
      facts: () => success(factsOf(inode)),
      close: () => {},
    });
  }

  realPath(path: string): string {
    return path;
  }

  #create(path: string): Inode {
    const inode = newInode(++this.#inodes);
    this.names.set(path, inode);
    return inode;
  }

  #write(path: string, inode: Inode, bytes: Uint8Array): FileOutcome<null> {
    this.before();
    const taken = this.trouble.writes === null ? bytes.length : this.#random.int(0, bytes.length - 1);
    append(inode, bytes.subarray(0, taken));
    return taken === bytes.length ? success(null) : this.#refused(path);
  }

  #refused(path: string): FileOutcome<never> {
    if (this.trouble.writes === "full") return failure({ kind: "full", message: `cannot write ${path}: ENOSPC` });
    return failed(path, "EIO");
  }

  #sync(path: string, inode: Inode): FileOutcome<null> {
    this.before();
    if (this.trouble.syncs) {
      inode.lost.push([inode.durable.length, inode.content.length]);
      return failed(path, "EIO");
    }
    makeDurable(inode);
    return success(null);
  }
}
