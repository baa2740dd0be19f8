/** What an operator got wrong: every mistake of the file at once, in the order of the file. */
export interface ConfigError {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
}

export interface ConfigProblem {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** `strategies[0].rules[1].limit`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, the value received, what was expected, and what was probably meant. */
  readonly message: string;
}

/** One line a mistake, `FILE:LINE:COL path: what is wrong`, which editors and terminals turn into links. */
export function formatConfigError(error: ConfigError): string {
  return error.problems.map((problem) => formatProblem(error.file, problem)).join("\n");
}

export function formatProblem(file: string, problem: ConfigProblem): string {
  const path = problem.path === "" ? "" : `${problem.path}: `;
  return `${file}:${problem.line}:${problem.column} ${path}${problem.message}`;
}

export type ConfigPath = readonly (string | number)[];

export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : `${text === "" ? "" : "."}${step}`;
  return text;
}
