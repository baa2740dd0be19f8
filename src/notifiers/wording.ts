import type { Json, LogEvent } from "../core/log-record.ts";
import { flatten, type SealedRecord } from "../core/sealed-record.ts";
import type { Message, Notice } from "./notifier.ts";

const REASON_CHARACTERS_MAX = 1_000;

/** "circuit_open rpa-worker:0 (box)", for a subject or a heading. One line. */
export function titleOf({ notices, heading }: Message): string {
  const { record } = newest(notices);
  return `${heading ?? `${record.event} ${record.target}`} (${record.host})`.replaceAll(/\s+/g, " ");
}

/** What happened and why, a line each of at most so many, and what to run next: readable at 3 a.m. */
export function linesOf({ notices, heading }: Message, linesMax: number): readonly string[] {
  const told = notices.slice(-linesMax);
  const left = notices.length - told.length;
  return [
    ...(heading === null ? [] : [`${heading}:`]),
    ...(left === 0 ? [] : [`(${left} older ones are in healer log)`]),
    ...told.map((notice) => lineOf(notice, heading === null)),
    `Next: ${nextStep(newest(notices).record)}`,
  ];
}

/** The worst of them. */
export function levelOf({ notices }: Message): SealedRecord["level"] {
  const levels = notices.filter(({ resolved }) => !resolved).map(({ record }) => record.level);
  return levels.includes("error") ? "error" : levels.includes("warn") ? "warn" : "info";
}

/** All of what it tells of is over. */
export function isResolved({ notices }: Message): boolean {
  return notices.every(({ resolved }) => resolved);
}

export function newest(notices: readonly Notice[]): Notice {
  const last = notices.at(-1);
  if (last === undefined) throw new Error("a message without a notice");
  return last;
}

function lineOf({ record, resolved }: Notice, isSingle: boolean): string {
  const { event, target, reason, ts } = record;
  const about = `${resolved ? "Over: " : ""}${event} ${target}: ${reason.slice(0, REASON_CHARACTERS_MAX)}`;
  return isSingle ? about : `${ts.slice(11, 19)} ${about}`;
}

function nextStep({ event, target, heal_id: healId }: SealedRecord): string {
  const named: Partial<Record<LogEvent, string>> = {
    circuit_open: `healer explain ${target}; after the repair healer reset ${target}`,
    config_rejected: "healer check",
    config_loaded: "healer config show",
    pm2_lost: "healer status; pm2 ls",
  };
  if (named[event] !== undefined) return named[event];
  if (healId !== undefined) return `healer explain ${healId}`;
  return /^(healer|host|gpu|gpus|queue|strategy|dependency)(:|$)/.test(target) ? "healer status" : `healer explain ${target}`;
}

/** The fields of the heal log, and those of a message: for JSON and for placeholders. */
export function fieldsOf(message: Message): Readonly<Record<string, Json>> {
  const { notices, heading, id } = message;
  const { record, incidentKey } = newest(notices);
  const about = { id, incident_key: incidentKey, resolved: isResolved(message) };
  if (heading === null) return { ...flatten(record), ...about };
  const { ts, host, config } = record;
  const digest = { ts, level: levelOf(message), event: "digest", target: "healer", reason: heading, host, config, v: 1 };
  return { ...digest, ...about, incident_key: id, messages: notices.map(compact) };
}

const DIGEST_REASON_MAX = 300;

function compact({ id, record, incidentKey, resolved }: Notice): Readonly<Record<string, Json>> {
  const { ts, level, event, target, reason } = record;
  return { id, ts, level, event, target, reason: reason.slice(0, DIGEST_REASON_MAX), incident_key: incidentKey, resolved };
}
