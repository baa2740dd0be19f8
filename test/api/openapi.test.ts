import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ANSWERS } from "../../src/api/answers.ts";
import { createApi } from "../../src/api/api.ts";
import { HeartbeatBody, OutcomesBody } from "../../src/api/bodies.ts";
import { ENDPOINTS } from "../../src/api/endpoints.ts";
import * as ingest from "../../src/sensors/ingest.ts";
import { daemonStatus, explanation, FakeControlPlane, targetStatus } from "../support/fake-control-plane.ts";
import { sealedRecord } from "../support/log-records.ts";

const DASHBOARD_FILES = "GET /assets/:name";

function api() {
  const plane = new FakeControlPlane();
  plane.current = daemonStatus({ targets: [targetStatus({ id: "rpa:0" })] });
  plane.explanations.set("rpa:0", explanation({ target: "rpa:0" }));
  plane.curveNow = { step_s: 10, at: [1, 2], series: { ok: [1, null] } };
  plane.write(sealedRecord());
  return { plane, app: createApi(plane, { access: { via: "socket" } }) };
}

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Record<string, unknown> }> };
  readonly security?: readonly object[];
  readonly responses: Record<string, object>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

async function document(): Promise<Document> {
  return (await (await api().app.request("/api/openapi.json")).json()) as Document;
}

const inHonosWords = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

test("the table has each path that is served, and serves each path it has", () => {
  const served = api()
    .app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`);
  const listed = ENDPOINTS.map(({ method, path }) => `${method.toUpperCase()} ${inHonosWords(path)}`);
  expect(listed.length).toBeGreaterThan(15);
  expect([...listed, DASHBOARD_FILES].toSorted()).toEqual([...new Set(served)].toSorted());
});

test("each of them stands in docs/http-api.md", () => {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/http-api.md"), "utf8").replaceAll("/ID", "/{id}");
  for (const { method, path } of ENDPOINTS.filter((each) => each.path !== "/")) {
    expect(docs, `${method} ${path}`).toMatch(new RegExp(`\`(${method.toUpperCase()} )?${path.replaceAll(/[{}.]/g, "\\$&")}[\`?]`));
  }
});

describe("the document", () => {
  test("is OpenAPI 3.1 with an operation for each path, each with an id of its own", async () => {
    const { openapi, info, paths } = await document();
    expect({ openapi, version: info.version }).toEqual({ openapi: "3.1.0", version: "0.1.0" });
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations).toHaveLength(ENDPOINTS.length);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  test("names only shapes that it has, and parameters that stand in the path", async () => {
    const { paths, components } = await document();
    const named = [...JSON.stringify(paths).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(new Set(named)).toEqual(new Set(Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`)));
    for (const [path, methods] of Object.entries(paths)) {
      for (const { parameters } of Object.values(methods)) {
        const inPath = parameters.filter((each) => each.in === "path").map(({ name }) => `{${name}}`);
        expect(path.match(/\{\w+\}/g) ?? []).toEqual(inPath);
      }
    }
  });

  test("asks for a token and a body where something changes, and nowhere else", async () => {
    const { paths } = await document();
    for (const [path, methods] of Object.entries(paths)) {
      expect(methods["get"]?.security, path).toBeUndefined();
      expect(methods["get"]?.requestBody, path).toBeUndefined();
      if (methods["post"] === undefined) continue;
      expect(methods["post"].security, path).toEqual([{ bearer: [] }]);
      expect(Object.keys(methods["post"].responses), path).toEqual(expect.arrayContaining(["200", "401", "403", "413", "415", "429"]));
    }
    const { schema } = paths["/api/targets/{id}/pause"]?.["post"]?.requestBody?.content["application/json"] ?? {};
    expect(schema).toMatchObject({ type: "object", additionalProperties: false, properties: { for_ms: { default: 3_600_000 } } });
  });

  test("says of reports what the daemon takes", () => {
    const inWords = (schema: z.ZodType): object => z.toJSONSchema(schema, { io: "input" });
    expect(inWords(OutcomesBody)).toEqual(inWords(ingest.OutcomesBody));
    expect(inWords(HeartbeatBody)).toEqual(inWords(ingest.HeartbeatBody));
  });
});

describe("an answer has the shape that the document says", () => {
  const filled: Record<string, string> = { "/api/targets/{id}": "/api/targets/rpa%3A0", "/api/history": "/api/history?target=rpa%3A0" };
  const json = ENDPOINTS.filter(({ method, answers }) => method === "get" && answers in ANSWERS);

  test.each(json.map(({ path, answers }) => [path, answers as keyof typeof ANSWERS] as const))("GET %s: %s", async (path, name) => {
    const { app, plane } = api();
    plane.evidence = () => ({ ok: true, value: [] });
    const answer = await app.request(filled[path] ?? path);
    expect(answer.status).toBe(200);
    expect(ANSWERS[name].safeParse(await answer.json()).error).toBeUndefined();
  });

  test.each([0, 2, 4] as const)("of a command that ends with code %i", async (code) => {
    const { app, plane } = api();
    plane.reply = { code, text: "said", healId: null };
    const answer = await app.request("/api/targets/rpa%3A0/reset", { method: "POST" });
    expect(ANSWERS.CommandReply.safeParse(await answer.json()).error).toBeUndefined();
  });

  test("of an error", async () => {
    for (const path of ["/nowhere", "/api/targets/nobody", "/api/heals?since=x"]) {
      expect(ANSWERS.Error.safeParse(await (await api().app.request(path)).json()).error, path).toBeUndefined();
    }
  });
});
