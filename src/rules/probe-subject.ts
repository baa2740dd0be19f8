import { masked, maskedWords, shellWord } from "../core/masked-words.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { expandForWorker, expandWordForWorker } from "../core/worker-template.ts";

/** A text as it is used for this worker; of its environment only numbers (a port) are shown, the rest may be a secret. */
export function shownText(template: string, row: WorkerRow | null): string {
  if (row === null) return masked(template);
  const text = expandForWorker(template, withNumbersOnly(row));
  return masked(text.ok ? text.value : template);
}

/** The same of a command. */
export function shownCommand(argv: readonly string[], row: WorkerRow | null): string {
  const words = argv.map((word) => {
    const expanded = row === null ? null : expandWordForWorker(word, withNumbersOnly(row));
    return expanded?.ok === true ? expanded.value : word;
  });
  return maskedWords(words).map(shellWord).join(" ");
}

function withNumbersOnly(row: WorkerRow): WorkerRow {
  return { ...row, env: Object.fromEntries(Object.entries(row.env).filter(([, value]) => /^\d{1,5}$/.test(value))) };
}
