import { relative, resolve, sep } from "node:path";
import { SyntaxKind, type FunctionLikeDeclaration, type Node, type SourceFile } from "typescript/unstable/ast";
import { isFunctionLikeDeclaration, isImportDeclaration } from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/sync";

/** A source file as the compiler itself reads it. Paths are relative to the root, with forward slashes. */
export interface CompiledSource {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly CompiledImport[];
  readonly functions: readonly CompiledFunction[];
}

export interface CompiledImport {
  /** As written: "../core/outcome.ts", "zod", "node:fs". */
  readonly specifier: string;
  /** `import type …`, `export type … from` or `import("…")` in a type: gone after compilation. */
  readonly typeOnly: boolean;
}

export interface CompiledFunction {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** All files of one compiler project that lie under `root` and outside `node_modules`, sorted by path. */
export function compiledSources(root: string, tsconfig: string): CompiledSource[] {
  const api = new API({ cwd: root });
  try {
    const [project] = api.updateSnapshot({ openProjects: [resolve(root, tsconfig)] }).getProjects();
    if (project === undefined) return [];
    return project.rootFiles
      .filter((file) => !file.includes("/node_modules/"))
      .map((file) => ({ file, source: project.program.getSourceFile(file) }))
      .flatMap(({ file, source }) => (source === undefined ? [] : [compiledSource(relative(root, file).split(sep).join("/"), source)]))
      .toSorted((one, other) => (one.path < other.path ? -1 : 1));
  } finally {
    api.close();
  }
}

function compiledSource(path: string, source: SourceFile): CompiledSource {
  return { path, text: source.text, imports: source.imports.map(compiledImport), functions: functionsOf(source) };
}

function compiledImport(specifier: Node): CompiledImport {
  const { parent } = specifier;
  return { specifier: (specifier as Node & { text: string }).text, typeOnly: isTypeOnly(parent) };
}

function isTypeOnly(parent: Node): boolean {
  if (isImportDeclaration(parent)) return parent.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
  if (parent.kind === SyntaxKind.ExportDeclaration) return (parent as Node & { isTypeOnly: boolean }).isTypeOnly;
  return parent.kind === SyntaxKind.LiteralType; // import("…").Name in a type
}

function functionsOf(source: SourceFile): CompiledFunction[] {
  const found: CompiledFunction[] = [];
  const visit = (node: Node): void => {
    if (isFunctionLikeDeclaration(node) && node.body !== undefined) found.push(compiledFunction(node, source));
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

function compiledFunction(node: FunctionLikeDeclaration, source: SourceFile): CompiledFunction {
  const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
  const last = source.getLineAndCharacterOfPosition(node.end).line;
  return { name: nameOf(node, source), line: first + 1, lines: last - first + 1 };
}

/** A declaration's own name, or that of the constant it is assigned to. */
function nameOf(node: Node, source: SourceFile): string {
  const holder = "name" in node && node.name !== undefined ? node : node.parent;
  const name = (holder as Node & { name?: Node }).name;
  return name === undefined ? "(anonymous)" : source.text.slice(name.getStart(source), name.end);
}
