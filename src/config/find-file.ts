import { join, resolve } from "node:path";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { systemFiles } from "../world/files/system-files.ts";

const NAME = "healer.config.yaml";

/**
 * The configuration file: `-c FILE`, else `HEALER_CONFIG`, else `./healer.config.yaml`, else `/etc/healer/`. What is
 * named explicitly is never silently replaced by another file. A failure says where was looked.
 */
export function findConfigFile(place: {
  readonly flag: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}): Outcome<string, string> {
  const { flag, env, cwd } = place;
  const named = flag ?? (env["HEALER_CONFIG"] === "" ? undefined : env["HEALER_CONFIG"]);
  if (named !== undefined) {
    const path = resolve(cwd, named);
    const by = flag === null ? "HEALER_CONFIG" : "-c";
    return exists(path) ? success(path) : failure(`${by} names ${path}, which does not exist`);
  }
  const places = [join(cwd, NAME), join("/etc/healer", NAME)];
  const found = places.find(exists);
  if (found !== undefined) return success(found);
  return failure(`no configuration found; looked for ${places.join(" and ")}. Write one with: healer init`);
}

function exists(path: string): boolean {
  const facts = systemFiles().facts(path);
  return facts.ok || facts.error.kind !== "absent"; // what exists and cannot be read is an error of its own, told when reading
}
