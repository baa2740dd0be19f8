import { styleText } from "node:util";
import { printable } from "../record/printable.ts";
import type { CliIo } from "./io.ts";

/** The process around a command, and what the screen can do. */
export interface Terminal extends CliIo {
  /** Without a line feed added; for redrawing. */
  raw(this: void, text: string): void;
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  /** Somebody looks at it: it can be redrawn. */
  readonly live: boolean;
  /** Login name of who runs this, with the account behind `sudo`. */
  readonly user: string;
  readonly version: string;
  /** The script that runs, for a service that has to start the same one. */
  readonly mainFile: string;
  /** Resolves with the signal's name at the first SIGINT, SIGTERM or SIGHUP after the call. */
  untilSignal(this: void): Promise<string>;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Colour only where `colour` says that it can be shown; words never rely on it. */
export function paint(terminal: Pick<Terminal, "colour">, style: Style | null, text: string): string {
  return terminal.colour && style !== null ? styleText(style, text, { validateStream: false }) : text;
}

/** Names and messages come from watched programs: nothing in them may steer the terminal. */
export function plain(text: string): string {
  return printable(text);
}
