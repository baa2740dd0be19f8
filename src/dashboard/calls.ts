import { signal } from "@preact/signals";

const TOKEN_KEY = "healer-token";

/** For this tab alone, and gone with it. */
export const token = signal(sessionStorage.getItem(TOKEN_KEY) ?? "");

export function keepToken(text: string): void {
  token.value = text.trim();
  sessionStorage.setItem(TOKEN_KEY, token.value);
}

export type Answer<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: string };

export async function ask<Value>(path: string): Promise<Answer<Value>> {
  return answered(fetch(path, { headers: { Accept: "application/json" } }));
}

/** What a person orders. The text is what the command line would print. */
export async function order(path: string, body: Readonly<Record<string, unknown>>): Promise<Answer<{ readonly text: string }>> {
  const headers = { "Content-Type": "application/json", ...(token.value === "" ? {} : { Authorization: `Bearer ${token.value}` }) };
  return answered(fetch(path, { method: "POST", headers, body: JSON.stringify({ ...body, by: "dashboard" }) }));
}

export function targetPath(id: string): string {
  return `api/targets/${encodeURIComponent(id)}`;
}

async function answered<Value>(asked: Promise<Response>): Promise<Answer<Value>> {
  try {
    const answer = await asked;
    const json = (await answer.json()) as Value & { readonly error?: string };
    return answer.ok ? { ok: true, value: json } : { ok: false, error: json.error ?? `HTTP ${answer.status}` };
  } catch {
    return { ok: false, error: "healer does not answer" };
  }
}
