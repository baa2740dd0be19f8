import { failure, success, type Outcome } from "../core/outcome.ts";
import type { Pm2 } from "../world/pm2/pm2.ts";
import { namedBy } from "./app-rows.ts";
import type { Refusal } from "./daemon-answers.ts";
import { dumpFile, readDump, type DumpedApp } from "./dumped-apps.ts";
import { findEcosystem, startFromEcosystem } from "./ecosystem-start.ts";
import { EXIT } from "./io.ts";

export interface UnlistedParts {
  readonly app: string;
  readonly pm2: Pick<Pm2, "list" | "prepare">;
  readonly pm2Home: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--file`. */
  readonly file: string | null;
}

/** Makes PM2 list an app that it does not list: from its dump, else from an ecosystem file. Answers which of them it was. */
export async function addUnlisted(parts: UnlistedParts): Promise<Outcome<string, Refusal>> {
  const { app, pm2Home, cwd, file } = parts;
  const dump = await readDump(pm2Home);
  const dumped: Outcome<readonly DumpedApp[], string> = dump.ok ? namedBy(app, dump.value) : success([]);
  if (!dumped.ok) return failure({ code: EXIT.usage, text: `${dumped.error} (in ${dumpFile(pm2Home)})` });
  if (dumped.value.length > 0) return prepareAll(parts, dumped.value);
  const found = await findEcosystem(app, cwd, file);
  if (found !== null) return startFrom(parts, found);
  const dumpWords = dump.ok ? dumpFile(pm2Home) : dump.error;
  return failure({
    code: EXIT.usage,
    text: `PM2 knows no app ${app}, neither listed nor in its dump (${dumpWords}), and there is no ecosystem file here that names it; start it once with pm2 start`,
  });
}

/** All at once, so that a caller that is killed has sent all of them or none. */
async function prepareAll({ app, pm2, pm2Home }: UnlistedParts, dumped: readonly DumpedApp[]): Promise<Outcome<string, Refusal>> {
  const outcomes = await Promise.all(dumped.map(({ definition }) => pm2.prepare(definition)));
  const errors = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.message]));
  if (errors.length > 0) return failure({ code: EXIT.failed, text: `PM2 did not start ${app} from its dump: ${errors.join("; ")}` });
  return success(dumpFile(pm2Home));
}

async function startFrom(
  { pm2, pm2Home, cwd, env }: UnlistedParts,
  found: { readonly file: string; readonly name: string },
): Promise<Outcome<string, Refusal>> {
  const listed = await pm2.list(); // PM2's own program starts a daemon where none answers
  if (!listed.ok) return failure({ code: EXIT.unreachable, text: listed.error.message });
  const end = await startFromEcosystem({ ...found, pm2Home, cwd, env });
  if (end.code === 0) return success(found.file);
  return failure({ code: EXIT.failed, text: `pm2 start ${found.file} --only ${found.name} failed (exit ${end.code}): ${end.text}` });
}
