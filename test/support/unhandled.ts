/**
 * What would have ended the process while `run` ran and until everything it set going had its turn. Vitest listens for
 * these itself and would fail the run.
 */
export async function unhandledDuring(run: () => unknown): Promise<readonly unknown[]> {
  const kinds = ["unhandledRejection", "uncaughtException"] as const;
  const seen: unknown[] = [];
  const see = (bug: unknown): void => void seen.push(bug);
  const others = kinds.map((kind) => ({ kind, listeners: process.rawListeners(kind) as ((...args: unknown[]) => void)[] }));
  for (const kind of kinds) process.removeAllListeners(kind).on(kind, see);
  try {
    await run();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    for (const { kind, listeners } of others) {
      process.removeAllListeners(kind);
      for (const listener of listeners) process.on(kind, listener);
    }
  }
  return seen;
}
