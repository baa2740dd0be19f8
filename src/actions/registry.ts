import type { Action } from "./action.ts";
import { holdDown } from "./hold-down.ts";
import { reload } from "./reload.ts";
import { replace } from "./replace.ts";
import { restart } from "./restart.ts";
import { stopStart } from "./stop-start.ts";
import { trim } from "./trim.ts";

/** Every action there is. Adding one: its file, and a line here. */
export const ACTIONS: readonly Action[] = [restart, reload, stopStart, replace, holdDown, trim];
