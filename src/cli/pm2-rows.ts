import { failure, success, type Outcome } from "../core/outcome.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import { connectPm2 } from "../world/pm2/connect-pm2.ts";
import type { Pm2Error } from "../world/pm2/pm2.ts";
import { pm2HomeOf } from "../world/pm2/socket-path.ts";

/** PM2's rows now, for commands that look before there is a daemon. Never starts a PM2 daemon. */
export async function listPm2Rows(
  env: Readonly<Record<string, string | undefined>>,
  configuredHome: string | null,
): Promise<Outcome<readonly WorkerRow[], Pm2Error>> {
  const pm2 = connectPm2({ pm2Home: pm2HomeOf(env, configuredHome), envNames: [] });
  try {
    const listed = await pm2.list();
    return listed.ok ? success(listed.value.rows) : failure(listed.error);
  } finally {
    pm2.close();
  }
}
