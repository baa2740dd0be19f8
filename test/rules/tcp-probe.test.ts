import { describe, expect, it } from "vitest";
import { Probed, wrongPaths } from "../support/probed.ts";

describe("tcp-probe", () => {
  it.each([
    [{ port: "{env.PORT}" }, { PORT: "3000" }, "127.0.0.1:3000"],
    [{ port: "{env.PORT}" }, { PORT: "no number" }, "127.0.0.1:{env.PORT}"],
    [{ port: "300{instance}" }, {}, "127.0.0.1:3000"],
    [{ host: "::1", port: 80 }, {}, "[::1]:80"],
    [{ host: "{name}.internal", port: 80 }, {}, "api.internal:80"],
  ])("of %j with the environment %j says that it asks %s", (params, env, subject) => {
    const probed = new Probed("tcp-probe", params);
    probed.view.row = { ...probed.view.row!, name: "api", env };
    expect(probed.says()).toBe(`${subject}: not probed yet`);
  });

  it.each([
    [{ port: 3000 }, null],
    [{ port: "3000" }, null],
    [{ port: "{env.PORT}", host: "{env.HOST}" }, null],
    [{ port: "31{instance}0" }, null],
    [{}, "port"],
    [{ port: 0 }, "port"],
    [{ port: 65_536 }, "port"],
    [{ port: -1 }, "port"],
    [{ port: 80.5 }, "port"],
    [{ port: "http" }, "port"],
    [{ port: "{PORT}" }, "port"],
    [{ port: "{env.PORT}/tcp" }, "port"],
    [{ port: 80, host: "http://127.0.0.1" }, "host"],
    [{ port: 80, host: "" }, "host"],
    [{ port: 80, host: "{HOST}" }, "host"],
    [{ port: 80, timeout: 3000 }, "timeout"],
    [{ port: 80, failures: "6 of 5" }, "failures"],
    [{ port: 80, url: "http://a/" }, ""],
  ])("of the parameters %j finds wrong: %s", (params, wrong) => {
    expect(wrongPaths("tcp-probe", params)).toBe(wrong);
  });
});
