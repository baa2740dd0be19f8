import type { ConfigPath } from "./config-error.ts";

const SECRET_KEY = /pass|secret|token$|authorization|cookie|api_?key|credential/i;
const HIDDEN = "(hidden)";

/**
 * What may be printed of a value: passwords and queries of URLs never, nor the path of a notifier's (it is the whole
 * secret of a chat webhook), nor headers, tokens and passwords.
 */
export function withoutSecrets(text: string, path: ConfigPath): string {
  if (path.some((step) => typeof step === "string" && (step === "headers" || SECRET_KEY.test(step)))) return HIDDEN;
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*):\/\/[^\s"'<>]*/gi, (url: string) => hideInUrl(url, path[0] === "notify"));
}

function hideInUrl(url: string, hidePath: boolean): string {
  const [, scheme, authority, rest] = /^([^:]+:\/\/)([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return HIDDEN;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (hidePath && rest.length > 1) return `${scheme}${host}/…`;
  return `${scheme}${host}${rest.replace(/[?#].*$/s, "?…")}`;
}
