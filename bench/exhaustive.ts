/**
 * Does anything healer promises break within so many events, whatever they are? Tries every sequence of a small world's letters
 * (`test/support/small-letters.ts`) up to a depth: all of them to DEPTH, the faults to one more, and what heals are about to two more.
 * Prints what was covered and, of what breaks, the shortest sequence. A letter may be several steps of the core: a turn, the
 * confirmation of an intent, and what follows from it.
 *
 *   npx tsx bench/exhaustive.ts [DEPTH=5] [PART OF A NAME] [--calm]
 *     --calm   from every state the faults cease, and the world must come to rest; takes up to twice as long
 */
import { parseArgs } from "node:util";
import { ALPHABETS } from "../test/support/small-letters.ts";
import { searchSmall, type SmallSearch } from "../test/support/small-search.ts";

const { values, positionals } = parseArgs({ options: { calm: { type: "boolean", default: false } }, allowPositionals: true });
const DEPTH = Number(positionals[0] ?? 5);
const WANTED = positionals[1] ?? "";
const DEEPER: Readonly<Record<SmallSearch["alphabet"], number>> = { heals: 2, faults: 1, everything: 0 };

function report({ alphabet, start }: Pick<SmallSearch, "alphabet" | "start">): boolean {
  const startedAt = process.cpuUsage();
  const { depth, states, transitions, broken } = searchSmall({ start, alphabet, depth: DEPTH + DEEPER[alphabet], calms: values.calm });
  const { user, system } = process.cpuUsage(startedAt);
  const total = states.reduce((sum, count) => sum + count, 0);
  const covered = `depth ${depth}, ${total} states, ${transitions} transitions, ${((user + system) / 1e6).toFixed(1)} CPU s`;
  console.log(`${start.padEnd(28)} ${alphabet.padEnd(10)} ${String(ALPHABETS[alphabet].length).padStart(2)} letters: ${covered}`);
  if (broken !== null) console.log(`  ${broken.letters.join(" → ")}\n  ${broken.what}`);
  return broken === null;
}

const STARTS = ["one app of two", "one app of two, both at once", "two apps of one"] as const;
const searches = (["heals", "faults", "everything"] as const).flatMap((alphabet) => STARTS.map((start) => ({ alphabet, start })));
const results = searches.filter(({ alphabet, start }) => `${alphabet} ${start}`.includes(WANTED)).map(report);
process.exitCode = results.every((holds) => holds) && results.length > 0 ? 0 : 1;
