import type { Context } from "hono";
import type { z } from "zod";

export type BodyRead<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: string; readonly status: 400 | 415 };

/** The body as the schema wants it; no body stands for `{}`. */
export async function readBody<Value>(context: Context, schema: z.ZodType<Value>): Promise<BodyRead<Value>> {
  const json = await readJson(context);
  if (!json.ok) return json;
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  return { ok: false, status: 400, error: `${where}${issue?.message ?? "not understood"}` };
}

/** JSON must be called JSON: a form of another site can send text, but not this type without asking first. */
export async function readJson(context: Context): Promise<BodyRead<unknown>> {
  const text = await context.req.text();
  if (text === "") return { ok: true, value: {} };
  if (!/^application\/json\b/i.test(context.req.header("Content-Type") ?? "")) {
    return { ok: false, status: 415, error: "expected Content-Type: application/json" };
  }
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, status: 400, error: "the body is not JSON" };
  }
}
