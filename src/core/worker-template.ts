import { failure, success, type Outcome } from "./outcome.ts";
import type { WorkerRow } from "./worker-row.ts";

/**
 * Text with places for what differs between workers: `{env.PORT}`, `{name}`, `{instance}`, `{pm_id}`. Braces that hold
 * anything else are mistakes; `unknownPlaces` finds them when the configuration is read.
 */
const PLACE = /\{([^{}]*)\}/g;
const PLAIN_PLACES: readonly string[] = ["name", "instance", "pm_id"];
const ENV_PLACE = /^env\.([A-Za-z_][A-Za-z0-9_]*)$/;

export const PLACES_EXPECTED = "{env.NAME}, {name}, {instance} or {pm_id}";

/** Variables of the worker's environment that the text asks for. */
export function envNamesIn(template: string): readonly string[] {
  return placesIn(template).flatMap((place) => ENV_PLACE.exec(place)?.[1] ?? []);
}

export function unknownPlaces(template: string): readonly string[] {
  return placesIn(template).filter((place) => !isPlace(place));
}

/** Some place in the texts differs between the workers of one group, which share their name. */
export function tellsWorkersApart(templates: readonly string[]): boolean {
  return templates.some((text) => /\{(env\.|instance\}|pm_id\})/.test(text));
}

/** The text for one worker; a failure says what this worker lacks. */
export function expandForWorker(template: string, row: WorkerRow): Outcome<string, string> {
  const missing = placesIn(template).find((place) => valueOf(place, row) === undefined);
  if (missing !== undefined) return failure(whyMissing(missing));
  return success(template.replace(PLACE, (whole, place: string) => valueOf(place, row) ?? whole));
}

/**
 * A word of a command may hold braces of its own (`{print $1}`, JSON): only what names a place is filled in, the rest is
 * left as it stands.
 */
export function expandWordForWorker(word: string, row: WorkerRow): Outcome<string, string> {
  const missing = placesIn(word).find((place) => isPlace(place) && valueOf(place, row) === undefined);
  if (missing !== undefined) return failure(whyMissing(missing));
  return success(word.replace(PLACE, (whole, place: string) => (isPlace(place) ? (valueOf(place, row) ?? whole) : whole)));
}

/** `{PORT}` in a word is surely a slip, `{print $1}` is not. */
export function mistakenPlaces(word: string): readonly string[] {
  return unknownPlaces(word).filter((place) => /^[A-Za-z_][\w.-]*$/.test(place));
}

function isPlace(place: string): boolean {
  return PLAIN_PLACES.includes(place) || ENV_PLACE.test(place);
}

function placesIn(template: string): readonly string[] {
  return [...template.matchAll(PLACE)].map((match) => match[1] ?? "");
}

function valueOf(place: string, row: WorkerRow): string | undefined {
  if (place === "name") return row.name;
  if (place === "instance") return row.instance;
  if (place === "pm_id") return String(row.pmId);
  const name = ENV_PLACE.exec(place)?.[1];
  const value = name !== undefined && Object.hasOwn(row.env, name) ? row.env[name] : undefined;
  return value === "" ? undefined : value;
}

function whyMissing(place: string): string {
  const name = ENV_PLACE.exec(place)?.[1];
  return name === undefined ? `{${place}} is none of ${PLACES_EXPECTED}` : `its environment has no ${name}`;
}
