import { processKey, type Books } from "./books.ts";
import { broken, type Execute, type Witness } from "./witness.ts";

const UP_MS = 10_000;

/** R1: never two added, never both taken: the old one goes when the new one has been up for 10 s, the new one while the old is there. */
export function checkReplace(witness: Witness, books: Books, { row, step, healId }: Execute): void {
  const who = `${row.name}:${row.instance}`;
  const rows = [...witness.rows.values()].filter((other) => other.name === row.name && other.instance === row.instance);
  if (step === "add") {
    if (rows.length > 1) broken("R1", `a third ${who} is added`);
    return;
  }
  const others = rows.filter((other) => other.pmId !== row.pmId);
  if (others.length === 0) broken("R1", `the last ${who} is deleted by ${step}`);
  const added = books.executed.find((other) => other.healId === healId && other.step === "add" && other.row.instance === row.instance);
  if (added === undefined) return; // longer ago than the books go back
  const isOld = isOldOne(row, added);
  if (step === "undo" && isOld) broken("R1", `${step} deletes the old one`);
  if (step === "remove" && !isOld) broken("R1", `${step} deletes another than the old one`);
  const isFirst = !books.executed.some((other) => other.healId === healId && other.step === "remove" && other.row.pmId === row.pmId);
  const isUp = others.some(
    (other) => other.status === "online" && books.nowMs - (books.seenAtMs.get(processKey(other)) ?? books.nowMs) >= UP_MS,
  );
  if (step === "remove" && isFirst && !isUp) broken("R1", `the old ${who} goes before the new one is up`);
}

/**
 * By their stamps, which a new daemon of PM2's keeps while it numbers anew, or by its number: PM2 forgets the stamp of a row it
 * has given up, and somebody may have restarted it while healer deleted it.
 */
function isOldOne(row: Execute["row"], added: Execute): boolean {
  if (row.createdWallMs === added.createdWallMs) return false;
  return row.createdWallMs === added.row.createdWallMs || row.pmId === added.row.pmId;
}

/** A start of what is still down, and a delete of what is still there: what it is to bring about has not come about. */
export function mayComeTwice({ rows }: Witness, { step, row }: Execute): boolean {
  if (step === "start") return row.pid === null;
  return (step === "remove" || step === "undo") && rows.has(row.pmId);
}
