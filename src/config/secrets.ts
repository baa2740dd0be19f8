import type { ConfigPath } from "./config-error.ts";

const SECRET_KEY = /pass|secret|token$|routing_?key|authorization|cookie|api_?key|credential/i;
const HIDDEN = "(hidden)";

/**
 * What may be printed of a value: passwords and queries of URLs never, nor the path of a notifier's (it is the whole
 * secret of a chat webhook), nor headers, tokens and passwords.
 */
export function withoutSecrets(text: string, path: ConfigPath): string {
  if (path.some((step) => typeof step === "string" && (step === "headers" || SECRET_KEY.test(step)))) return HIDDEN;
  const hidePath = path[0] === "notify" || path[0] === "dead_mans_switch";
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return hideInUrl(text, hidePath); // as a whole: a password may hold anything
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*):\/\/[^\s"'<>]*/gi, (url: string) => hideInUrl(url, hidePath));
}

function hideInUrl(url: string, hidePath: boolean): string {
  const [, scheme, authority, rest] = /^([^:]+:\/\/)([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return HIDDEN;
  if (mayHoldPassword(url, scheme, rest)) return `${scheme}${HIDDEN}`;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (hidePath && rest.length > 1) return `${scheme}${host}/…`;
  return `${scheme}${host}${rest.replace(/[?#].*$/s, "?…")}`;
}

/** A `/`, `?` or `#` that a password should have escaped ends what looks like the host, and the rest of the password stands behind it. */
function mayHoldPassword(url: string, scheme: string, rest: string): boolean {
  const isHttp = /^https?:\/\/$/i.test(scheme);
  return isHttp ? rest.includes("@") && !URL.canParse(url) : rest.includes("@") || !URL.canParse(url);
}
