const SLICE_MS = 2; // what a turn of the daemon may wait without anybody noticing

/** Does the work a slice at a time and lets everything else have its turn in between; stops when `signal` aborts. */
export async function inSlices(work: Iterator<void>, signal: AbortSignal): Promise<void> {
  let sliceEndMs = performance.now() + SLICE_MS;
  while (!signal.aborted && work.next().done !== true) {
    if (performance.now() < sliceEndMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEndMs = performance.now() + SLICE_MS;
  }
}

export function atOnce(work: Iterator<void>): void {
  while (work.next().done !== true);
}
