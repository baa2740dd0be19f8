import { controlClient, type ControlClient } from "./control-client.ts";
import { giveUp, order, targetPath } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { plain, type Terminal } from "./terminal.ts";

/** Targets as a person writes them, or all. */
export interface Addressed {
  readonly targets: readonly string[];
  readonly all?: boolean;
}

/** One order to each target, or one to all; goes on after a refusal and answers the worst exit code. */
export async function orderEach(
  verb: "pause" | "resume" | "reset",
  addressed: Addressed,
  body: Readonly<Record<string, unknown>>,
  terminal: Terminal,
  client: ControlClient = controlClient(terminal),
): Promise<number> {
  const wrong = whyUnaddressed(verb, addressed);
  if (wrong !== null) return giveUp(terminal, { code: EXIT.usage, text: wrong });
  const paths = addressed.all === true ? [`/api/${verb}`] : addressed.targets.map((target) => targetPath(target, verb));
  let worst = 0;
  for (const path of paths) {
    const ordered = await order(client, path, { ...body, by: terminal.user });
    if (!ordered.ok) return giveUp(terminal, ordered.error);
    const { code, text } = ordered.value;
    if (code === 0) terminal.out(plain(text));
    else terminal.err(plain(text));
    worst = Math.max(worst, code);
  }
  return worst;
}

function whyUnaddressed(verb: string, { targets, all }: Addressed): string | null {
  if (all === true && targets.length > 0) return `healer ${verb}: either targets or --all, not both`;
  return all === true || targets.length > 0 ? null : `healer ${verb}: which target? (see: healer status)`;
}
