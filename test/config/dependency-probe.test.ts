import { describe, expect, test } from "vitest";
import { showConfig } from "../../src/config/show.ts";
import { createState } from "../../src/core/state.ts";
import { SensorShelf } from "../../src/daemon/sensor-shelf.ts";
import { fakeProcesses } from "../support/fake-processes.ts";
import { MemoryPm2 } from "../support/memory-pm2.ts";
import { loaded, mistakes, small } from "./loaded.ts";

const probing = (block: string): string => small(`    dependency_probe: ${block}\n`);

describe("dependency_probe", () => {
  test("needs an address, and has the defaults of a probe; the core is told an address without secrets", () => {
    const compiled = loaded(probing('{url: "http://me:secret@db:8080/health?token=x"}'));
    expect(compiled.strategies[0]?.dependency).toEqual({
      url: "http://me:secret@db:8080/health?token=x",
      every: 10_000,
      timeout: 2000,
      expect: [{ from: 200, to: 399 }],
    });
    expect(compiled.policy.strategies[0]?.dependency).toBe("http://db:8080/health");
    expect(loaded(small()).policy.strategies[0]).not.toHaveProperty("dependency");
  });

  test("is shown with what stands in the file and what does not, and without secrets", () => {
    const shown = showConfig(loaded(probing('{url: "http://me:secret@db/health", every: 1m}')), "api") ?? "";
    expect(shown).toMatch(/strategies\.api\.dependency_probe\.url: http:\/\/db\/health +# h\.yaml:8/);
    expect(shown).toMatch(/strategies\.api\.dependency_probe\.every: 1m +# h\.yaml:8/);
    expect(shown).toMatch(/strategies\.api\.dependency_probe\.timeout: 2s +# built-in/);
    expect(shown).not.toContain("secret");
  });

  test.each([
    ["no address", "{every: 10s}", "h.yaml:8:5 strategies[0].dependency_probe.url: is missing; expected text"],
    ["no address at all", "{url: db}", 'expected an address such as "http://db-proxy:8080/health"'],
    ["a worker's own value", '{url: "http://127.0.0.1:{env.PORT}/"}', "{env.PORT} is a worker's own; one probe speaks for all workers"],
    ["a typing mistake", '{url: "http://db/", evry: 5s}', "dependency_probe.evry: unknown key (did you mean every?)"],
    ["milliseconds", '{url: "http://db/", timeout: 3000}', "in seconds, not milliseconds"],
    ["no status code", '{url: "http://db/", expect: ok}', "expected HTTP status codes such as 200-399"],
    ["a bare address", "http://db/", "strategies[0].dependency_probe: expected"],
  ])("says what is wrong with %s", (_what, block, told) => {
    expect(mistakes(probing(block)).join("\n")).toContain(told);
  });

  test("is asked by a sensor of its own, which an edit of something else leaves alone", () => {
    const shelf = new SensorShelf();
    const build = (text: string) => {
      const compiled = loaded(text);
      const state = createState({ policy: compiled.policy, self: { pids: [] }, seed: 1, atMs: 0, wallMs: 0 });
      return shelf
        .build(compiled, { state, processes: fakeProcesses(), pm2: new MemoryPm2() })
        .find(({ name }) => name === "dependency:api");
    };
    const before = build(probing('{url: "http://db/"}'));
    expect(before?.everyMs).toBe(10_000);
    expect(build(probing('{url: "http://db/"}').replace("mode: heal", "mode: observe"))).toBe(before);
    expect(build(probing('{url: "http://other/"}'))).not.toBe(before);
    expect(build(small())).toBeUndefined();
  });
});
