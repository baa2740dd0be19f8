import { isMap, isScalar, isSeq, type Scalar } from "yaml";
import { formatPath, type ConfigPath, type ConfigProblem } from "./config-error.ts";
import type { Place } from "./document.ts";

/** A scalar that held `${VAR}`. */
export interface Expansion {
  readonly written: string;
}

interface Source {
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly placeOf: (offset: number) => Place;
}

interface Findings {
  readonly problems: ConfigProblem[];
  readonly written: Map<Scalar, Expansion>;
}

/**
 * Replaces `${VAR}` and `${VAR:-default}` in every value (never in keys) by healer's own environment; `$${` stays `${`.
 * `{env.VAR}` is the worker's and left alone. What was written is kept, because what comes from the environment may be
 * a secret and is never shown.
 */
export function expandScalars(root: unknown, source: Source): Findings {
  const findings: Findings = { problems: [], written: new Map() };
  walk(root, [], source, findings);
  return findings;
}

function walk(node: unknown, path: ConfigPath, source: Source, findings: Findings): void {
  if (isMap(node)) {
    for (const pair of node.items) walk(pair.value, [...path, isScalar(pair.key) ? String(pair.key.value) : "?"], source, findings);
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => walk(item, [...path, index], source, findings));
  } else if (isScalar(node) && typeof node.value === "string" && node.value.includes("${")) {
    expandOne(node, path, source, findings);
  }
}

const PLACEHOLDER = /\$(\$?)\{([^}]*)\}/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

function expandOne(node: Scalar, path: ConfigPath, source: Source, findings: Findings): void {
  const written = String(node.value);
  const expanded = written.replaceAll(PLACEHOLDER, (whole: string, escaped: string, inner: string) => {
    if (escaped !== "") return whole.slice(1);
    const [, name, fallback] = VARIABLE.exec(inner) ?? [];
    const value = name === undefined ? undefined : (source.env[name] ?? fallback);
    if (value !== undefined) return value;
    const start = node.range?.[0] ?? 0;
    const place = source.placeOf(Math.max(start, source.text.indexOf(whole, start)));
    const message =
      name === undefined
        ? `${whole} is not a variable; write \${NAME} or \${NAME:-default}, and $\${ for a literal \${`
        : `the environment variable ${name} is not set where healer runs`;
    findings.problems.push({ ...place, path: formatPath(path), message });
    return whole;
  });
  findings.written.set(node, { written });
  node.value = node.type === "PLAIN" ? plainValue(expanded) : expanded;
}

/** `port: ${PORT}` without quotes is a number where the variable holds one, as if it had been written there. */
function plainValue(text: string): unknown {
  if (/^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text)) return Number(text);
  return text === "true" ? true : text === "false" ? false : text;
}
