import { join } from "node:path";
import { createLogger, format, type Logger } from "winston";
import type { LogRecord } from "../core/log-record.ts";
import type { SealedRecord } from "../core/sealed-record.ts";
import type { Files } from "../world/files/files.ts";
import { formatHuman, formatLine } from "./heal-line.ts";
import { LINE, RotatingFileTransport, StreamTransport, type LineStream } from "./log-transports.ts";
import { RotatingFile } from "./rotating-file.ts";

/** The append-only record a person reads: `heal.log`, and the same records on stdout. */
export interface HealLog {
  /** Stamps the record, writes it and returns it as written, for notifiers and the live stream. Never throws or waits. */
  write(record: LogRecord, wallMs: number, configHash: string): SealedRecord;
  /** Lines the disk did not take since it last took one; reported in the file once it takes lines again. */
  readonly lost: number;
  /** Why, or null while all is well. */
  readonly problem: string | null;
  close(): void;
}

export interface HealLogOptions {
  readonly files: Files;
  /** `HEALER_HOME`. */
  readonly dir: string;
  readonly host: string;
  /** What goes to `stream` besides the file. */
  readonly stdout: "human" | "json" | null;
  readonly stream?: LineStream;
  readonly rotateBytes?: number;
}

const LINE_CHARACTERS_MAX = 32_000; // evidence fits into a tenth of it; readers refuse lines of twice this
const REASON_CHARACTERS_MAX = 2_000;

export function openHealLog(options: HealLogOptions): HealLog {
  let lastSeal = { wallMs: 0, config: "" };
  const file = new RotatingFile({
    files: options.files,
    path: join(options.dir, "heal.log"),
    lossLine: (lost, problem) => formatLine(seal(lossRecord(lost, problem), { ...lastSeal, host: options.host })),
    ...(options.rotateBytes === undefined ? {} : { bytesMax: options.rotateBytes }),
  });
  const logger = createHealLogger(file, options);
  return {
    write(record, wallMs, config) {
      lastSeal = { wallMs, config };
      const sealed = seal(record, { wallMs, config, host: options.host });
      logger.log({ level: sealed.level, message: sealed.reason, sealed });
      return sealed;
    },
    get lost() {
      return file.lost;
    },
    get problem() {
      return file.problem;
    },
    close() {
      logger.close();
      file.close();
    },
  };
}

/** Levels say who must act: error = somebody, warn = watch it, info = the operator's business. */
function createHealLogger(file: RotatingFile, options: HealLogOptions): Logger {
  const json = format.printf((info) => formatLine(info["sealed"] as SealedRecord));
  const human = format.printf((info) => formatHuman(info["sealed"] as SealedRecord));
  const stream = options.stream ?? process.stdout;
  const shown = options.stdout === null ? [] : [new StreamTransport(stream, options.stdout === "human" ? human : json)];
  return createLogger({
    levels: { error: 0, warn: 1, info: 2 },
    level: "info",
    format: LINE,
    transports: [new RotatingFileTransport(file, json), ...shown],
  });
}

function seal(record: LogRecord, stamp: { readonly wallMs: number; readonly host: string; readonly config: string }): SealedRecord {
  const sealed: SealedRecord = { ...record, ts: new Date(stamp.wallMs).toISOString(), host: stamp.host, config: stamp.config, v: 1 };
  const length = formatLine(sealed).length;
  if (length <= LINE_CHARACTERS_MAX) return sealed;
  return { ...sealed, reason: record.reason.slice(0, REASON_CHARACTERS_MAX), more: { cut_from_characters: length } };
}

function lossRecord(lost: number, problem: string): LogRecord {
  return {
    level: "error",
    event: "alert",
    target: "healer",
    strategy: null,
    reason: `${lost} ${lost === 1 ? "line" : "lines"} of this log could not be written and are lost: ${problem}`,
    more: { lost },
  };
}
