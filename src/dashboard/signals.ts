import { computed, untracked, type ReadonlySignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

/** The same list as before while its items are the same: then nobody draws it again. */
export function sameWhile<Item>(read: () => readonly Item[]): ReadonlySignal<readonly Item[]> {
  let before: readonly Item[] = [];
  return computed(() => {
    const now = read();
    if (now.length !== before.length || now.some((item, index) => item !== before[index])) before = now;
    return before;
  });
}

/** What a signal says while that is so; else what it said last. */
export function useWhile<Value>(isSo: ReadonlySignal<boolean>, read: () => Value): ReadonlySignal<Value> {
  return useMemo(() => {
    let last = untracked(read);
    return computed(() => (isSo.value ? (last = read()) : last));
  }, []);
}
