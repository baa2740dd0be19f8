import { describe, expect, test } from "vitest";
import { ALPHABETS } from "../support/small-letters.ts";
import { searchOf, searchSmall, type SmallSearch } from "../support/small-search.ts";
import { searchStates, type Search } from "../support/state-search.ts";

/**
 * Every sequence of a small world's letters up to a depth that takes seconds; `bench/exhaustive.ts` goes further. The least numbers of
 * states are what was found when this was written, less a tenth: a search that reaches less has stopped to look.
 */
const SEARCHES: readonly (readonly [SmallSearch["alphabet"], SmallSearch["start"], number, number])[] = [
  ["heals", "one app of two", 4, 720],
  ["heals", "one app of two, both at once", 4, 720],
  ["heals", "two apps of one", 4, 720],
  ["faults", "one app of two", 4, 1_900],
  ["faults", "two apps of one", 4, 1_900],
  ["everything", "one app of two", 3, 2_200],
  ["everything", "two apps of one", 3, 2_200],
];

describe("of all that can happen", { timeout: 60_000 }, () => {
  test.each(SEARCHES)("%s, in %s, to a depth of %i: nothing breaks a promise", (alphabet, start, depth, least) => {
    const found = searchSmall({ start, alphabet, depth, calms: false });
    expect(found.broken).toBeNull();
    expect(found.depth).toBe(depth);
    expect(found.states.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(least);
  });

  test("the world comes to rest from every state once the faults are over", () => {
    expect(searchSmall({ start: "one app of two", alphabet: "everything", depth: 2, calms: true }).broken).toBeNull();
  });
});

/** What the whole search rests on. */
test.each([
  ["heals", 3],
  ["faults", 3],
  ["everything", 2],
] as const)("worlds of one digest have one future: %s, to a depth of %i", (alphabet, depth) => {
  const search = searchOf({ start: "one app of two", alphabet, depth, calms: false });
  const futures = new Map<number, string>();
  let merged = 0;
  let level = [search.start()];
  for (let reached = 0; reached <= depth; reached++) {
    const fresh = level.filter((world) => {
      const digest = search.digest(world);
      const known = futures.get(digest);
      if (known === undefined) return futures.set(digest, futureOf(world, search));
      expect(futureOf(world, search)).toBe(known);
      merged++;
      return false;
    });
    level = fresh.flatMap((world) => after(world, search).filter((next) => next !== null));
  }
  expect(merged).toBeGreaterThan(40);
});

/** The world after each letter; null where it cannot come. */
function after<World>(world: World, { letters, copy }: Search<World>): (World | null)[] {
  return letters.map(({ can, does }) => {
    if (can?.(world) === false) return null;
    const next = copy(world);
    does(next);
    return next;
  });
}

function futureOf<World>(world: World, search: Search<World>): string {
  return after(world, search)
    .map((next) => (next === null ? "-" : search.digest(next)))
    .join(" ");
}

test("every letter of the largest alphabet changes something somewhere", () => {
  const search = searchOf({ start: "one app of two", alphabet: "everything", depth: 3, calms: false });
  const quiet = new Set(ALPHABETS.everything.map(({ name }) => name));
  const letters = search.letters.map((letter) => ({
    ...letter,
    does(world: Parameters<typeof letter.does>[0]) {
      const before = search.digest(world);
      letter.does(world);
      if (search.digest(world) !== before) quiet.delete(letter.name);
    },
  }));
  searchStates({ ...search, letters });
  expect([...quiet]).toEqual([]);
});

test("a search tells the shortest way to what breaks", () => {
  const count = (change: number) => (world: { n: number }) => {
    world.n += change;
    if (world.n === 5) throw new Error("five");
  };
  const letters = [
    { name: "one more", does: count(1) },
    { name: "two more", does: count(2) },
    { name: "two less", can: ({ n }: { n: number }) => n >= 2, does: count(-2) },
  ];
  const start = { start: () => ({ n: 0 }), copy: (world: { n: number }) => ({ ...world }), digest: ({ n }: { n: number }) => n };
  expect(searchStates({ ...start, letters, depth: 9 }).broken).toEqual({ letters: ["one more", "two more", "two more"], what: "five" });
  expect(searchStates({ ...start, letters, depth: 2 })).toEqual({ depth: 2, states: [1, 2, 2], transitions: 7, broken: null });
});
