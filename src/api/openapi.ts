import { z } from "zod";
import { ANSWERS } from "./answers.ts";
import { ENDPOINTS, type Endpoint } from "./endpoints.ts";

/** The interface as an OpenAPI 3.1 document. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of ENDPOINTS) (paths[endpoint.path] ??= {})[endpoint.method] = operation(endpoint);
  const schemas = Object.fromEntries(Object.entries(ANSWERS).map(([name, schema]) => [name, schemaOf(schema, "output")]));
  return {
    openapi: "3.1.0",
    info: { title: "healer", version, description: "Self-healing of PM2 workers. docs/http-api.md says what the fields mean." },
    servers: [{ url: "http://127.0.0.1:7717" }],
    paths,
    components: { schemas, securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "admin.token or ingest.token" } } },
  };
}

function operation({ method, path, does, query = [], body, answers, errors }: Endpoint): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => parameter(match[1] ?? "", "path", true));
  const inQuery = query.map((name) => parameter(name.replace("!", ""), "query", name.endsWith("!")));
  const failed = Object.fromEntries(errors.map((status) => [String(status), answer("an error", "Error")]));
  return {
    summary: does,
    operationId: `${method} ${path}`.replaceAll(/[^a-z]+/g, "-").replace(/-$/, ""),
    parameters: [...inPath, ...inQuery],
    ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: schemaOf(body, "input") } } } }),
    ...(method === "post" ? { security: [{ bearer: [] }] } : {}),
    responses: { "200": answer("done", answers), ...failed, ...(errors.includes(409) ? refusals(answers) : {}) },
  };
}

/** A command that was refused answers its reply as well. */
function refusals(answers: Endpoint["answers"]): object {
  return { "400": answer("no such target, or not understood", "Error", answers), "409": answer("a guard refused", answers) };
}

function answer(description: string, ...names: readonly Endpoint["answers"][]): object {
  const [first = "Error"] = names;
  if (!(first in ANSWERS)) return { description, content: { [first]: {} } };
  const refs = names.map((name) => ({ $ref: `#/components/schemas/${name}` }));
  return { description, content: { "application/json": { schema: refs.length === 1 ? refs[0] : { anyOf: refs } } } };
}

function parameter(name: string, place: "path" | "query", required: boolean): object {
  return { name, in: place, required, schema: { type: "string" } };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
