import type { z } from "zod";
import { NOTIFIER_KINDS } from "../notifiers/registry.ts";
import type { NotifierKind } from "../notifiers/notifier.ts";
import type { QueueKind } from "../sensors/queue-kind.ts";
import { QUEUE_KINDS } from "../sensors/registry.ts";
import type { ConfigPath } from "./config-error.ts";
import { hint } from "./did-you-mean.ts";
import type { ConfigDocument } from "./document.ts";
import { valueAt } from "./issue-words.ts";
import type { ProblemList } from "./problem-list.ts";
import { NAME } from "./schema.ts";
import { noteMillisecondSlips } from "./slips.ts";

/** A block of `queues:`, ready for its kind's `create`. */
export interface CompiledQueue {
  readonly name: string;
  readonly kind: QueueKind;
  /** Out of the kind's own schema. */
  readonly params: unknown;
  readonly path: ConfigPath;
}

export interface CompiledNotifier {
  /** Counts from 1 over the configured notifiers. */
  readonly number: number;
  readonly kind: NotifierKind;
  readonly params: unknown;
  readonly path: ConfigPath;
}

const BLOCKS_MAX = 200;

export function compileQueues(document: ConfigDocument, problems: ProblemList): readonly CompiledQueue[] {
  const block = valueAt(document.raw, ["queues"]);
  if (block === undefined || block === null) return [];
  if (typeof block !== "object" || Array.isArray(block)) {
    problems.value(["queues"], "expected a map from names to queues");
    return [];
  }
  if (Object.keys(block).length > BLOCKS_MAX) problems.key(["queues"], `expected at most ${BLOCKS_MAX} queues`);
  return Object.entries(block).flatMap(([name, item]: [string, unknown]) => {
    const path = ["queues", name];
    if (!NAME.safeParse(name).success) problems.key(path, "expected a name of letters, digits, dashes and underscores");
    const found = readKind(item, path, problems, { what: "queue", kinds: QUEUE_KINDS, notYet: [] });
    return found === null ? [] : [{ name, path, ...found }];
  });
}

export function compileNotifiers(document: ConfigDocument, problems: ProblemList): readonly CompiledNotifier[] {
  const items = valueAt(document.raw, ["notify"]);
  if (items === undefined || items === null) return [];
  if (!Array.isArray(items)) {
    problems.value(["notify"], "expected a list of notifiers");
    return [];
  }
  if (items.length > BLOCKS_MAX) problems.key(["notify"], `expected at most ${BLOCKS_MAX} notifiers`);
  return items.flatMap((item: unknown, index) => {
    const path = ["notify", index];
    const found = readKind(item, path, problems, { what: "notifier", kinds: NOTIFIER_KINDS, notYet: [] });
    return found === null ? [] : [{ number: index + 1, path, ...found }];
  });
}

interface Drawer<Kind> {
  readonly what: string;
  readonly kinds: readonly Kind[];
  readonly notYet: readonly string[];
}

function readKind<Kind extends { readonly type: string; readonly params: z.ZodType; lacks?(): string | null }>(
  item: unknown,
  path: ConfigPath,
  problems: ProblemList,
  drawer: Drawer<Kind>,
): { readonly kind: Kind; readonly params: unknown } | null {
  const types = drawer.kinds.map(({ type }) => type);
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    problems.value(path, `expected a map with type: ${types.join(" or ")}`);
    return null;
  }
  const type = valueAt(item, ["type"]);
  const kind = drawer.kinds.find((one) => one.type === type);
  if (kind === undefined) {
    noteUnknownType(type, path, problems, { ...drawer, types });
    return null;
  }
  noteMillisecondSlips(item, path, problems);
  const parsed = kind.params.safeParse(item);
  const lacks = kind.lacks?.() ?? null;
  if (lacks !== null) problems.key([...path, "type"], `the ${drawer.what} type ${kind.type} ${lacks}`);
  if (parsed.success) return { kind, params: parsed.data };
  problems.parse(kind.params, item, path);
  return null;
}

function noteUnknownType(
  type: unknown,
  path: ConfigPath,
  problems: ProblemList,
  drawer: Drawer<unknown> & { types: readonly string[] },
): void {
  const known = drawer.types.join(", ");
  const at = [...path, "type"];
  if (typeof type !== "string") problems.key(at, `is missing; expected one of: ${known}`);
  else if (drawer.notYet.includes(type))
    problems.key(at, `the ${drawer.what} type ${type} is not available in this version; known: ${known}`);
  else problems.key(at, `unknown ${drawer.what} type ${type}${hint(type, drawer.types) || `; known: ${known}`}`);
}
