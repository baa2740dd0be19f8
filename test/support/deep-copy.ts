/**
 * A copy that shares nothing with the original but what `shared` already holds, functions and strings: what is one object in the
 * original is one in the copy. Prototypes stay, so data with methods may be copied; private fields may not.
 */
export function deepCopy<Value>(value: Value, shared: Map<object, object>): Value {
  return copyOf(value, shared) as Value;
}

function copyOf(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(copyOf(item, copies));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, item] of value) copy.set(key, copyOf(item, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>(value);
    copies.set(value, copy);
    return copy;
  }
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  copies.set(value, copy);
  for (const key of Object.keys(value)) copy[key] = copyOf((value as Record<string, unknown>)[key], copies);
  return copy;
}
