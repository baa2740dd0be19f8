import { signal } from "@preact/signals";

export type Page = "overview" | "timeline" | "incidents" | "log" | "configuration" | "target";

/** What the address says behind `#/`: a page, and what it is about. */
export const route = signal(read());

export function followAddress(): void {
  addEventListener("hashchange", () => {
    route.value = read();
    document.querySelector("main")?.focus();
  });
}

export function pathTo(page: Page, about?: string): string {
  return `#/${page}${about === undefined ? "" : `/${encodeURIComponent(about)}`}`;
}

function read(): { readonly page: Page; readonly about: string | null } {
  const [, page = "", about] = /^#\/([a-z]*)(?:\/(.*))?$/.exec(location.hash) ?? [];
  const known: readonly string[] = ["timeline", "incidents", "log", "configuration", "target"];
  return { page: known.includes(page) ? (page as Page) : "overview", about: about === undefined ? null : decoded(about) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
