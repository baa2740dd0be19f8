/**
 * Why there is no answer. `status` · `too-large` · `timeout` · `refused` · `broken` (reset, cut short, not HTTP) are the
 * server's; `unreachable` (no such host, no route, no trusted certificate, no free file descriptor) and `stopped` say
 * nothing about it: restarting it would cure none of them.
 */
export interface HttpFailure {
  readonly kind: "status" | "too-large" | "timeout" | "refused" | "broken" | "unreachable" | "stopped";
  /** "HTTP 500", "no answer in 2 s", "connection refused". Never holds the URL. */
  readonly message: string;
}

/** Whether a failure speaks of the server, or only of the way to it. */
export function saysNothingOfServer(failure: HttpFailure): boolean {
  return failure.kind === "unreachable" || failure.kind === "stopped";
}

const BY_CODE: Readonly<Record<string, HttpFailure>> = {
  ECONNREFUSED: { kind: "refused", message: "connection refused" },
  ECONNRESET: { kind: "broken", message: "the connection was closed before the answer was complete" },
  EPIPE: { kind: "broken", message: "the connection was closed before the answer was complete" },
  ETIMEDOUT: { kind: "unreachable", message: "the host cannot be reached (connecting timed out)" },
  ENOTFOUND: { kind: "unreachable", message: "no such host" },
  EAI_AGAIN: { kind: "unreachable", message: "the name server does not answer" },
  EHOSTUNREACH: { kind: "unreachable", message: "no route to the host" },
  ENETUNREACH: { kind: "unreachable", message: "the network cannot be reached" },
  EADDRNOTAVAIL: { kind: "unreachable", message: "this host has no free port for another connection" },
  EMFILE: { kind: "unreachable", message: "healer has too many open files" },
  ENFILE: { kind: "unreachable", message: "this host has too many open files" },
  EACCES: { kind: "unreachable", message: "this host does not permit the connection" },
  EPERM: { kind: "unreachable", message: "this host does not permit the connection" },
};

/** Node's own error texts carry addresses, sometimes more; only the code is passed on. */
export function failureOf(error: Error): HttpFailure {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const known = BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith("HPE_")) return { kind: "broken", message: "the answer is not HTTP" };
  if (/CERT|SELF_SIGNED|^UNABLE_TO/.test(code)) return { kind: "unreachable", message: `the certificate is not trusted (${code})` };
  if (/SSL|TLS|EPROTO/.test(code)) return { kind: "unreachable", message: `no TLS connection (${code})` };
  return { kind: "unreachable", message: code === "" ? "the request could not be made" : `the request failed (${code})` };
}
