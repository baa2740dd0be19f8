import { failure, success, type Outcome } from "../../core/outcome.ts";

/** Where a Redis is, and as whom to go there. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: boolean;
}

export const REDIS_URL_EXPECTED = "expected a URL such as redis://127.0.0.1:6379, or rediss://user:password@host:6380/2";
const PORT = 6379;

/**
 * A failure says what was expected and nothing of what stood there. A query is refused: clients read options from it, and
 * none of them is meant to override how healer connects.
 */
export function readRedisUrl(text: string): Outcome<RedisAddress, string> {
  if (!URL.canParse(text)) return failure(`${REDIS_URL_EXPECTED}; in a password, %40 stands for @, %2F for / and %3A for :`);
  const url = new URL(text);
  if (!/^rediss?:$/.test(url.protocol) || url.hostname === "") return failure(REDIS_URL_EXPECTED);
  if (url.search !== "" || url.hash !== "") return failure(`${REDIS_URL_EXPECTED}, without ? and #; in a password, write %3F and %23`);
  const [, database] = /^\/?(\d{0,5})$/.exec(url.pathname) ?? [];
  if (database === undefined)
    return failure(`${REDIS_URL_EXPECTED}; after the host only the number of the database; in a password, write %2F`);
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === null || password === null) return failure(`${REDIS_URL_EXPECTED}; a % in a password is written %25`);
  return success({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? PORT : Number(url.port),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    database: Number(database),
    tls: url.protocol === "rediss:",
  });
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
