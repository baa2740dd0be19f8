import fs from "node:fs";
import type { FileCalls } from "../../src/world/files/system-files.ts";

/** The real system calls, some of which fail as a sick disk would make them. */
export function faultyCalls(faults: Partial<FileCalls>): FileCalls {
  return { ...fs, ...faults };
}

/** An error as the operating system raises it. */
export function osError(code: string, syscall = "write"): Error {
  return Object.assign(new Error(`${code}: made up by a test, ${syscall}`), { code, syscall });
}

/** Takes at most `bytesMax` bytes a call. */
export function shortWrites(bytesMax: number): Partial<FileCalls> {
  return { writeSync: limitedWrite((length) => Math.min(length, bytesMax)) as typeof fs.writeSync };
}

/** A disk with `room.bytes` left: the write that does not fit is cut short, the next one fails with ENOSPC. */
export function fullDisk(room: { bytes: number }): Partial<FileCalls> {
  const write = limitedWrite((length) => {
    if (room.bytes <= 0) throw osError("ENOSPC");
    const taken = Math.min(length, room.bytes);
    room.bytes -= taken;
    return taken;
  });
  return { writeSync: write as typeof fs.writeSync };
}

/** Each fsync asks `fails`, with the number of the call counted from 1. */
export function failingSync(fails: (call: number) => boolean): Partial<FileCalls> {
  let call = 0;
  return {
    fsyncSync(fd) {
      call += 1;
      if (fails(call)) throw osError("EIO", "fsync");
      fs.fsyncSync(fd);
    },
  };
}

function limitedWrite(take: (length: number) => number) {
  return (fd: number, bytes: Uint8Array, offset: number, length: number): number => fs.writeSync(fd, bytes, offset, take(length));
}
