import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Why a program could not be started, looked up as the system does: a name along `path`, anything with a slash as it
 * stands. Null = it is there and may be executed; a relative path cannot be told without a working directory.
 */
export function whyNoProgram(program: string, path: string): string | null {
  if (!program.includes("/")) {
    const found = path.split(delimiter).some((folder) => folder !== "" && whyNotExecutable(join(folder, program)) === null);
    return found ? null : `there is no program ${program} in healer's PATH`;
  }
  return program.startsWith("/") ? whyNotExecutable(program) : null;
}

function whyNotExecutable(file: string): string | null {
  try {
    if (!statSync(file).isFile()) return `${file} is no file`;
  } catch {
    return `there is no ${file}`;
  }
  try {
    accessSync(file, constants.X_OK);
    return null;
  } catch {
    return `${file} may not be executed`;
  }
}
