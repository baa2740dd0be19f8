/** What a queue told at one instant, checked. Counts are cumulative since the start of whoever counts. */
export interface StatsReading {
  /** null = the server does not say. */
  readonly pending: number | null;
  readonly running: number | null;
  /** How long the task has waited that waits longest. */
  readonly oldestMs: number | null;
  /** null = no outcome figures for the queue as a whole. */
  readonly totals: Counts | null;
  /** Outcome figures by worker key; null = totals only. */
  readonly workers: ReadonlyMap<string, Counts> | null;
  /** Tasks in hand by worker key, of those whose figure is known. */
  readonly inHand: ReadonlyMap<string, number>;
}

export interface Counts {
  readonly completed: number;
  readonly failed: number;
}
