import { plural } from "../core/words.ts";
import type { DaemonStatus } from "../daemon/status.ts";
import { printableJson } from "../record/printable.ts";
import { pause } from "../world/clock/pause.ts";
import { controlClient, type ControlClient } from "./control-client.ts";
import { askStatus, giveUp } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { redrawnPage } from "./redrawn-page.ts";
import { statusPage } from "./status-page.ts";
import { plain, type Terminal } from "./terminal.ts";

export interface StatusCommand {
  readonly json?: boolean;
  readonly watch?: boolean;
  /** One line and the same exit codes, which are those of monitoring plugins: 0 OK, 1 WARNING, 3 UNKNOWN. */
  readonly nagios?: boolean;
}

const REDRAW_MS = 1_000;

/** `healer status`: exit 0 when nobody is needed, 1 when a person is, 3 when no daemon answers. */
export async function runStatus(command: StatusCommand, terminal: Terminal): Promise<number> {
  const client = controlClient(terminal);
  if (command.watch === true) return watch(client, terminal);
  const asked = await askStatus(client);
  if (!asked.ok && command.nagios === true) terminal.out(`HEALER UNKNOWN - ${plain(asked.error.text.split("\n")[0] ?? "")}`);
  else if (!asked.ok) giveUp(terminal, asked.error);
  if (!asked.ok) return asked.error.code;
  if (command.json === true) terminal.out(printableJson(asked.value, 2));
  else if (command.nagios === true) terminal.out(nagiosLine(asked.value));
  else terminal.out(statusPage(asked.value, terminal, Date.now()));
  return asked.value.needs_person.length > 0 ? EXIT.personNeeded : EXIT.fine;
}

/** Redraws until interrupted; a daemon that goes away is shown and waited for. */
async function watch(client: ControlClient, terminal: Terminal): Promise<number> {
  const stop = new AbortController();
  void terminal.untilSignal().then(() => stop.abort());
  const screen = redrawnPage(terminal);
  while (!stop.signal.aborted) {
    const asked = await askStatus(client);
    screen.draw(asked.ok ? statusPage(asked.value, terminal, Date.now()) : asked.error.text);
    await pause(REDRAW_MS, stop.signal);
  }
  screen.end();
  return EXIT.fine;
}

function nagiosLine(status: DaemonStatus): string {
  const { targets, needs_person: reasons } = status;
  const count = (matches: (phase: string) => boolean): number => targets.filter(({ phase }) => matches(phase)).length;
  const said = reasons.length > 0 ? `WARNING - ${reasons.join("; ")}` : `OK - ${plural(targets.length, "target")}, mode ${status.mode}`;
  const figures = {
    targets: targets.length,
    not_healthy: count((phase) => phase !== "healthy"),
    circuits_open: count((phase) => phase === "open"),
  };
  const performance = Object.entries(figures).map(([name, value]) => `${name}=${value}`);
  return `HEALER ${plain(said).replaceAll("|", "/")} | ${performance.join(" ")}`;
}
