const LENGTH_MAX = 64; // no name of ours is longer, and the distance costs length × length

/** The candidate that was probably meant, or null when none is near: a wrong guess is worse than none. */
export function closest(word: string, candidates: readonly string[]): string | null {
  const typed = plain(word);
  if (typed === "" || typed.length > LENGTH_MAX) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(typed, plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** " (did you mean x?)", or nothing. */
export function hint(word: string, candidates: readonly string[]): string {
  const meant = closest(word, candidates);
  return meant === null ? "" : ` (did you mean ${meant}?)`;
}

/** `gracePeriodSeconds`, `grace-period-seconds` and `grace_period_seconds` are the same word. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-\s]/g, "");
}

/** Damerau-Levenshtein (optimal string alignment): a swapped pair of letters is one slip, not two. */
function editDistance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= one.length; row++) {
    const line = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      line.push(
        Math.min(
          at(rows, row - 1, column) + 1,
          (line[column - 1] ?? 0) + 1,
          at(rows, row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(rows, row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
    rows.push(line);
  }
  return at(rows, one.length, other.length);
}

function at(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? Infinity;
}
