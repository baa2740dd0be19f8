import { describe, expect, it } from "vitest";
import { bindRule } from "../support/rule-bound.ts";
import { Probed, wrongPaths } from "../support/probed.ts";

const URL = "http://127.0.0.1:3000/health";

describe("http-probe", () => {
  it("names the port it asks, and nothing else of the worker's environment", () => {
    const probed = new Probed("http-probe", { url: "http://127.0.0.1:{env.PORT}/{name}" });
    const say = (env: Record<string, string>): string => {
      probed.view.row = { ...probed.view.row!, env };
      return probed.says();
    };
    expect(say({ PORT: "3000" })).toMatch(/^http:\/\/127\.0\.0\.1:3000\//);
    expect(say({ PORT: "secret" })).toMatch(/^http:\/\/127\.0\.0\.1:\{env\.PORT\}\//);
  });

  it("shows no password of its url", () => {
    const said = new Probed("http-probe", { url: "http://me:hunter2@127.0.0.1/?token=s3cret" }).says();
    expect(said).toBe("http://***@127.0.0.1/?token=***: not probed yet");
  });

  it("keeps its headers out of what is saved, and begins anew where one of them was changed", () => {
    const saved = (headers?: object): string => bindRule("http-probe", { url: URL, headers }).fingerprint;
    expect(saved({ authorization: "Bearer b34rer" })).not.toContain("b34rer");
    expect(saved({ authorization: "Bearer b34rer" })).toBe(saved({ authorization: "Bearer b34rer" }));
    expect(saved({ authorization: "Bearer b34rer" })).not.toBe(saved({ authorization: "Bearer other" }));
    expect(saved()).not.toContain("headers");
  });

  it.each([
    [{ url: URL }, null],
    [{ url: "http://127.0.0.1:{env.PORT}/health", failures: 3, expect: [200, "301-302"] }, null],
    [{ url: "http://{name}.internal:8{instance}/" }, null],
    [{}, "url"],
    [{ url: "127.0.0.1:3000" }, "url"],
    [{ url: "http://127.0.0.1:{PORT}/" }, "url"],
    [{ url: URL, timeout: 3000 }, "timeout"],
    [{ url: URL, failures: "6 of 5" }, "failures"],
    [{ url: URL, expect: "2xx" }, "expect"],
    [{ url: URL, evry: "5s" }, ""],
    [{ url: URL, body: '"status":"ok"' }, null],
    [{ url: URL, body: '/"status":\\s*"ok"/i' }, null],
    [{ url: URL, body: "" }, "body"],
    [{ url: URL, body: "/(unclosed/" }, "body"],
    [{ url: URL, body: "/ok/g" }, "body"],
    [{ url: URL, body: `/${"a".repeat(201)}/` }, "body"],
    [{ url: URL, body: "x".repeat(1001) }, "body"],
    [{ url: URL, body: true }, "body"],
    [{ url: URL, headers: { authorization: "Bearer x", Host: "api.internal" } }, null],
    [{ url: URL, headers: { "bad name": "x" } }, "headers.bad name"],
    [{ url: URL, headers: { accept: "two\nlines" } }, "headers.accept"],
    [{ url: URL, headers: { "Content-Length": "5" } }, "headers.Content-Length"],
    [{ url: URL, expect_header: { "content-type": "application/json" } }, null],
    [{ url: URL, expect_header: { "content-type": "" } }, "expect_header.content-type"],
    [{ url: URL, slower_than: "300ms" }, null],
    [{ url: URL, slower_than: 3000 }, "slower_than"],
  ])("of the parameters %j finds wrong: %s", (params, wrong) => {
    expect(wrongPaths("http-probe", params)).toBe(wrong);
  });
});
