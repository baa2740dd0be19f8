import type { ConfigPath } from "./config-error.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import { BUILT_IN } from "./knobs.ts";

/** Where a value comes from. `place` is `LINE` of the file. */
export type Origin =
  { readonly kind: "built-in" } | { readonly kind: "defaults"; readonly line: number } | { readonly kind: "file"; readonly line: number };

/** One knob as it holds for one strategy, still as written. */
export interface KnobLayer {
  /** `["advanced", "circuit", "cool_down"]` */
  readonly path: ConfigPath;
  readonly value: unknown;
  readonly origin: Origin;
}

/** Lays built-in values, `defaults` and the strategy over one another, knob by knob, also inside blocks. */
export function layKnobs(document: ConfigDocument, strategy: ConfigPath): readonly KnobLayer[] {
  return knobPaths().map((path) => {
    const own = [...strategy, ...path];
    if (valueAt(document.raw, own) !== undefined) return layer(document, path, own, "file");
    const inherited = ["defaults", ...path];
    if (valueAt(document.raw, inherited) !== undefined) return layer(document, path, inherited, "defaults");
    return { path, value: valueAt(BUILT_IN, path), origin: { kind: "built-in" } };
  });
}

function layer(document: ConfigDocument, path: ConfigPath, at: ConfigPath, kind: "file" | "defaults"): KnobLayer {
  return { path, value: valueAt(document.raw, at), origin: { kind, line: document.keyPlace(at).line } };
}

/** Every knob there is, as a path from the strategy. */
export function knobPaths(): readonly ConfigPath[] {
  return pathsIn(BUILT_IN);
}

function pathsIn(block: object): ConfigPath[] {
  return Object.entries(block).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null ? pathsIn(value).map((path) => [key, ...path]) : [[key]],
  );
}

/** The knobs as one nested block again. */
export function nestKnobs(layers: readonly KnobLayer[]): unknown {
  const root: Record<string, unknown> = {};
  for (const { path, value } of layers) {
    let block = root;
    for (const step of path.slice(0, -1)) {
      const next = block[step] ?? {};
      block[step] = next;
      block = next as Record<string, unknown>; // made one line above, or by an earlier path through the same block
    }
    block[String(path.at(-1))] = value;
  }
  return root;
}
