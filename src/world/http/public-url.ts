/** A URL as it may stand in a message: without credentials, query and fragment, where secrets are. */
export function publicUrl(url: string): string {
  if (!URL.canParse(url)) return "(not a URL)";
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
