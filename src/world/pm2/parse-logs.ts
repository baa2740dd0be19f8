import { isAbsolute } from "node:path";
import type { WorkerRow } from "../../core/worker-row.ts";
import { textOrNull, type Fields } from "./pm2-fields.ts";

/** What PM2 takes for no file (Utility.checkPathIsNull of 5.4 to 7.0). */
const NO_FILE = new Set(["NULL", "/dev/null", "\\\\.\\NUL"]);

export function logsOf(fields: Fields): WorkerRow["logs"] {
  const isSilent = fields["disable_logs"] === true || fields["disable_logs"] === "true";
  const pathOf = (field: string): string | null => {
    const path = textOrNull(fields[field]);
    return path === null || isSilent || NO_FILE.has(path) || !isAbsolute(path) ? null : path;
  };
  return { out: pathOf("pm_out_log_path"), err: pathOf("pm_err_log_path") };
}
