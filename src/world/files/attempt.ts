import { failure, success } from "../../core/outcome.ts";
import type { FileError, FileOutcome } from "./files.ts";

/** Thrown inside `attempt`, where the failure is this door's own finding and not the operating system's. */
export class WorldFailure extends Error {
  readonly error: FileError;
  constructor(error: FileError) {
    super(error.message);
    this.error = error;
  }
}

/** Only errors of the operating system become values; anything else is a bug and goes up. */
export function attempt<Value>(what: string, run: () => Value): FileOutcome<Value> {
  try {
    return success(run());
  } catch (error) {
    if (error instanceof WorldFailure) return failure({ kind: error.error.kind, message: `cannot ${what}: ${error.error.message}` });
    const code = codeOf(error);
    if (code === null) throw error;
    return failure({ kind: kindOf(code), message: `cannot ${what}: ${code}` });
  }
}

/** What was thrown as the same value; what is no error of the system goes up. */
export function asFailure(what: string, error: unknown): FileOutcome<never> {
  return attempt(what, () => {
    throw error;
  });
}

export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

function kindOf(code: string): FileError["kind"] {
  switch (code) {
    case "ENOENT":
      return "absent";
    case "EEXIST":
      return "exists";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "forbidden";
    case "ENOSPC":
    case "EDQUOT":
      return "full";
    default:
      return "failed";
  }
}
