import { createHash } from "node:crypto";
import type { CompiledQueue } from "./compile-kinds.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";

/**
 * What a strategy decides by, in twelve hex digits: whom it selects, what it reads, its rules, thresholds and actions. Not
 * its mode, which decides nothing, nor passwords in the headers of a queue, nor `shadow_for` itself.
 */
export function fingerprintOf(strategy: CompiledStrategy, known: readonly CompiledQueue[]): string {
  const { selector, actions, boundRules, queues } = strategy;
  const { shadowForMs: _, ...knobs } = strategy.knobs;
  const rules = boundRules.map(({ key, fingerprint, observeOnly }) => [key, fingerprint, observeOnly]);
  const read = known.filter(({ name }) => queues.includes(name)).map(({ name, kind, params }) => [name, kind.type, params]);
  const text = JSON.stringify([selector, queues, read, rules, actions, knobs], (key, value: unknown) =>
    key === "headers" ? undefined : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
