import { Parser } from "yaml";

const DEPTH_MAX = 100; // the format itself needs ten

/**
 * Whether collections are nested deeper than any configuration. yaml's composer recurses, and a file of brackets does
 * not merely end its stack: V8 then aborts the whole process while compiling a regular expression. The parser beneath
 * it does not recurse, so it is asked first.
 */
export function isTooDeep(text: string): boolean {
  const waiting: { readonly token: unknown; readonly depth: number }[] = [];
  for (const token of new Parser().parse(text)) waiting.push({ token, depth: 0 });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > DEPTH_MAX) return true;
    for (const child of childrenOf(next.token)) waiting.push({ token: child, depth: next.depth + 1 });
  }
  return false;
}

/** A document holds a value, a collection items, and each item a key and a value. */
function childrenOf(token: unknown): readonly unknown[] {
  if (typeof token !== "object" || token === null) return [];
  const items: unknown = "items" in token ? token.items : [];
  const inItems = (Array.isArray(items) ? items : []).flatMap((item: unknown) => inPair(item));
  return [...inItems, ...("value" in token ? [token.value] : [])].filter((child) => typeof child === "object" && child !== null);
}

function inPair(item: unknown): readonly unknown[] {
  if (typeof item !== "object" || item === null) return [];
  return [...("key" in item ? [item.key] : []), ...("value" in item ? [item.value] : [])];
}
