import { expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { readDashboard } from "../../src/api/dashboard-files.ts";
import { failure, success } from "../../src/core/outcome.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";

const PAGE = "<!doctype html><script src=./assets/a-1.js></script>";
const FILES: Readonly<Record<string, string>> = { "index.html": PAGE, "a-1.js": "run()", "secret.txt": "no" };

const dashboard = readDashboard({
  list: () => success(["a-1.js", "secret.txt"]),
  read(path) {
    const text = path.includes("/dist/") ? undefined : FILES[path.slice(path.lastIndexOf("/") + 1)];
    return text === undefined ? failure({ kind: "absent", message: "no such file" }) : success(Buffer.from(text));
  },
});
const api = createApi(new FakeControlPlane(), { access: { via: "socket" }, dashboard });

test("a browser gets the page, everybody else the paths", async () => {
  const page = await api.request("/", { headers: { Accept: "text/html,*/*;q=0.8" } });
  expect(await page.text()).toBe(PAGE);
  expect(page.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("Cache-Control")).toBe("no-cache");
  expect(await (await api.request("/")).json()).toMatchObject({ paths: expect.arrayContaining(["/api/status"]) as unknown });
});

test("runs under a policy that lets in nothing from outside and nothing inline", async () => {
  const policy = (await api.request("/", { headers: { Accept: "text/html" } })).headers.get("Content-Security-Policy");
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
});

test("its files come zipped where that is understood, and for ever: their names change with them", async () => {
  const plain = await api.request("/assets/a-1.js");
  expect(await plain.text()).toBe("run()");
  expect(plain.headers.get("Cache-Control")).toContain("immutable");
  const zipped = await api.request("/assets/a-1.js", { headers: { "Accept-Encoding": "gzip, br" } });
  expect(zipped.headers.get("Content-Encoding")).toBe("gzip");
});

test.each(["/assets/secret.txt", "/assets/..%2f..%2fetc%2fpasswd", "/assets/../index.html", "/assets/%2e%2e/healer.sock", "/assets/b.js"])(
  "serves nothing at %s: only what was read at the start",
  async (path) => {
    expect((await api.request(path)).status).toBe(404);
  },
);

test("what is not built is not served: the paths stand there", async () => {
  const bare = createApi(new FakeControlPlane(), { access: { via: "socket" } });
  expect((await bare.request("/", { headers: { Accept: "text/html" } })).headers.get("Content-Type")).toContain("application/json");
});
