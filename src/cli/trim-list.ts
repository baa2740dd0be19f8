import type { TrimOutside } from "../core/strategy.ts";
import { printableJson } from "../record/printable.ts";
import { namedBy } from "./app-rows.ts";
import { readDump } from "./dumped-apps.ts";
import { EXIT } from "./io.ts";
import { plain, type Terminal } from "./terminal.ts";

export interface TrimCommand {
  readonly app: string;
  readonly keep: number;
  readonly dryRun?: boolean;
  /** Left out: as the configuration says. */
  readonly outside?: TrimOutside;
  readonly force?: readonly string[];
  readonly config?: string;
  readonly json?: boolean;
}

/** Who stays and who goes: the same for a dry run and a real one, which says so. */
export function tellTrim(command: TrimCommand, terminal: Terminal, text: string, healId: string | null): void {
  const { app, keep, dryRun = false } = command;
  if (command.json === true) return terminal.out(printableJson({ app, keep, dry_run: dryRun, heal_id: healId, text }));
  const lines = text.split("\n").map(plain); // what stands in the list may not steer a terminal
  terminal.out([...lines, ...(dryRun && lines.length > 1 ? ["dry run: nothing was done"] : [])].join("\n"));
}

export function tellNobody(command: TrimCommand, terminal: Terminal): number {
  tellTrim(command, terminal, `${command.app}: nobody is too many; at most ${command.keep} may run`, null);
  return EXIT.fine;
}

/** PM2 does not list it now, and knows it: none of it runs, which is not too many. */
export async function isKnownByDump(pm2Home: string, app: string): Promise<boolean> {
  const dump = await readDump(pm2Home);
  if (!dump.ok) return false;
  const named = namedBy(app, dump.value);
  return named.ok && named.value.length > 0;
}
