import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { VolumeFigures } from "./table.ts";

/** Measured figures, kept beside the code that draws them: measuring takes minutes, drawing does not. */
const FOLDER = resolve(import.meta.dirname, "../figures");
const PREFIX = "success-rate-";

export function saveFigures(figures: VolumeFigures): void {
  const path = resolve(FOLDER, `${PREFIX}${figures.volume.replace("/", "-a-")}.json`);
  writeFileSync(path, `${JSON.stringify(figures, null, 2)}\n`);
}

/** Of the lowest volume first. */
export function keptFigures(): readonly VolumeFigures[] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(PREFIX) && name.endsWith(".json"));
  const figures = names.map((name) => JSON.parse(readFileSync(resolve(FOLDER, name), "utf8")) as VolumeFigures);
  return figures.sort((one, other) => one.perDay - other.perDay);
}
