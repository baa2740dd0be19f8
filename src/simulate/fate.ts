/** healer was killed in the middle of what it did. */
export class HealerDied extends Error {}

/** When healer is to be killed, and how soon its supervisor brings it back. */
export class Fate {
  /** Effects until it is killed, for each of its coming lives; empty = it lives. */
  deaths: number[] = [];
  backMs = 1_000;

  /** Called between any two effects of healer's: here it may die. */
  readonly boundary = (): void => {
    const left = this.deaths[0];
    if (left === undefined) return;
    if (left > 0) {
      this.deaths[0] = left - 1;
      return;
    }
    this.deaths.shift();
    throw new HealerDied();
  };
}
