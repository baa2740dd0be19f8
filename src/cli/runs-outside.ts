import { sayOwner } from "../core/trim-words.ts";
import { systemFiles } from "../world/files/system-files.ts";
import { look, openWorld } from "./app-look.ts";

/**
 * Why an app that PM2 does not run is not to be started beside what runs of it already: an orphan or a copy of somebody else's
 * takes its tasks, or holds its port. null = nothing does.
 */
export async function whyRunsOutside(pm2Home: string, app: string): Promise<string | null> {
  const world = openWorld(pm2Home, (path) => systemFiles().realPath(path));
  try {
    const facts = await look(world, app);
    if (!facts.ok) return null; // PM2 has just been asked, and its own words stand elsewhere
    const found = facts.value.copies.find(({ copy }) => copy.untouchable === null && copy.owner !== "other_daemon")?.copy;
    if (found === undefined) return null;
    const what = `${sayOwner(found.owner)} pid ${found.pid} (${found.command})`;
    return `${app} runs outside PM2: ${what}; not started beside it. End it, or let healer: kill ${found.pid}, or trim_outside in the configuration`;
  } finally {
    world.pm2.close();
  }
}
