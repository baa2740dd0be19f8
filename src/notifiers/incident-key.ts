import type { LogEvent, LogRecord } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";

/** What a record has to do with a trouble that begins and ends. */
export interface IncidentPart {
  /** "box circuit rpa-worker:0" */
  readonly key: string;
  /** `again`: something happened within it, such as a trial. */
  readonly part: "opens" | "again" | "closes";
}

type Part = readonly [trouble: string, part: IncidentPart["part"]];

const PARTS: Partial<Record<LogEvent, Part>> = {
  circuit_open: ["circuit", "opens"],
  circuit_half_open: ["circuit", "again"],
  circuit_closed: ["circuit", "closes"],
  target_gone: ["circuit", "closes"],
  incident_open: ["incident", "opens"],
  incident_wide: ["incident", "again"],
  incident_canary: ["incident", "again"],
  incident_closed: ["incident", "closes"],
  pm2_lost: ["pm2", "opens"],
  pm2_back: ["pm2", "closes"],
  sensor_blind: ["sensor", "opens"],
  sensor_back: ["sensor", "closes"],
  pressure: ["pressure", "opens"],
  pressure_over: ["pressure", "closes"],
  dependency_failing: ["dependency", "opens"],
  dependency_back: ["dependency", "closes"],
};

/** Null: it begins and ends nothing. */
export function incidentPart(record: SealedRecord): IncidentPart | null {
  const [trouble, part] = PARTS[record.event] ?? alertPart(record) ?? [];
  if (trouble === undefined || part === undefined) return null;
  const sensor = record.more?.["sensor"];
  const about =
    trouble === "sensor" && typeof sensor === "string" && sensor !== record.target ? `${sensor} ${record.target}` : record.target;
  return { key: `${record.host} ${trouble} ${about}`, part };
}

/** The machine's own troubles are alerts, since they wake a person; so is a sensor that has been blind for long. */
function alertPart({ event, target, more }: LogRecord): Part | null {
  if (event !== "alert") return null;
  if (target.startsWith("host:")) return ["pressure", "opens"];
  return more?.["sensor"] === undefined ? null : ["sensor", "opens"];
}
