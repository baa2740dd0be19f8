import type { Compiled } from "../config/compiled.ts";
import type { LogRecord } from "../core/log-record.ts";
import type { StateHome } from "../record/state-home.ts";
import type { Files } from "../world/files/files.ts";
import type { ControlPlane } from "./status.ts";

export interface OpenApi {
  close(): Promise<void>;
}

export async function openApi(
  _plane: ControlPlane,
  _options: { api: Compiled["api"]; home: StateHome; files: Files; tell: (record: LogRecord) => void },
): Promise<OpenApi> {
  return { close: async () => {} };
}
