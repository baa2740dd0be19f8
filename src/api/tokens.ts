import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { failure, success, type Outcome } from "../core/outcome.ts";
import type { Files } from "../world/files/files.ts";

/** Admin may do everything; ingest may only report outcomes and heartbeats (forged failures cause restarts). */
export interface Tokens {
  readonly admin: string;
  readonly ingest: string;
}

const TOKEN_BYTES = 32;
const TOKEN_LENGTH_MIN = 24; // a person may write a token of their own
const FILE_BYTES_MAX = 1024;
const OTHERS_MAY_READ = 0o077;

/** Reads `admin.token` and `ingest.token` in `HEALER_HOME`, and makes them (mode 0600) where they are missing. */
export function openTokens(files: Files, home: string): Outcome<Tokens, string> {
  const admin = openToken(files, join(home, "admin.token"));
  if (!admin.ok) return admin;
  const ingest = openToken(files, join(home, "ingest.token"));
  return ingest.ok ? success({ admin: admin.value, ingest: ingest.value }) : ingest;
}

function openToken(files: Files, path: string): Outcome<string, string> {
  const facts = files.facts(path);
  if (!facts.ok && facts.error.kind === "absent") return createToken(files, path);
  if (!facts.ok) return failure(facts.error.message);
  if ((facts.value.mode & OTHERS_MAY_READ) !== 0) return failure(`${path} can be read by others: chmod 600 ${path}`);
  const read = files.read(path, FILE_BYTES_MAX);
  if (!read.ok) return failure(read.error.message);
  const token = read.value.toString().trim();
  if (token === "") return createToken(files, path);
  if (token.length >= TOKEN_LENGTH_MIN && /^\S+$/.test(token)) return success(token);
  return failure(`${path} holds no token: expected at least ${TOKEN_LENGTH_MIN} characters without spaces; remove it for a new one`);
}

function createToken(files: Files, path: string): Outcome<string, string> {
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const written = files.replace(path, `${token}\n`);
  return written.ok ? success(token) : failure(written.error.message);
}
