import { describe, expect, it } from "vitest";
import { bindRule } from "../support/rule-bound.ts";
import { Probed, wrongPaths } from "../support/probed.ts";

describe("exec-probe", () => {
  it.each([
    [["./check.sh", "--port", "{env.PORT}"], { PORT: "3000" }, "./check.sh --port 3000"],
    [["./check.sh", "--user", "{env.USER_NAME}"], { USER_NAME: "anna" }, "./check.sh --user '{env.USER_NAME}'"],
    [["awk", "{print $1}", "{name}"], {}, "awk '{print $1}' api"],
    [["curl", "--token", "s3cret", "http://me:hunter2@h/"], {}, "curl --token '***' 'http://***@h/'"],
  ])("of %j with the environment %j says that it runs %s", (argv, env, subject) => {
    const probed = new Probed("exec-probe", { argv });
    probed.view.row = { ...probed.view.row!, name: "api", env };
    expect(probed.says()).toBe(`${subject}: not probed yet`);
  });

  it("keeps its words out of what is saved, and begins anew where one of them was changed", () => {
    const saved = (argv: readonly string[]): string => bindRule("exec-probe", { argv }).fingerprint;
    expect(saved(["check", "s3cret"])).not.toContain("s3cret");
    expect(saved(["check", "s3cret"])).not.toBe(saved(["check", "other"]));
  });

  it.each([
    [{ argv: ["./check.sh"] }, null],
    [{ argv: ["/opt/My Checks/check", "a b", 5, ""] }, null],
    [{ argv: ["{env.CHECK}", "{name}", '{"a": 1}'] }, null],
    [{}, "argv"],
    [{ argv: "./check.sh --port 80" }, "argv"],
    [{ argv: [] }, "argv"],
    [{ argv: [""] }, "argv.0"],
    [{ argv: ["curl -f http://127.0.0.1/"] }, "argv.0"],
    [{ argv: ["pgrep worker"] }, "argv.0"],
    [{ argv: ["check", "{PORT}"] }, "argv.1"],
    [{ argv: ["check", "{env.}"] }, "argv.1"],
    [{ argv: ["check", "a\0b"] }, "argv.1"],
    [{ argv: Array.from({ length: 65 }, () => "x") }, "argv"],
    [{ argv: ["check"], exit_codes: [0, 1] }, null],
    [{ argv: ["check"], exit_codes: 256 }, "exit_codes"],
    [{ argv: ["check"], exit_codes: [] }, "exit_codes"],
    [{ argv: ["check"], timeout: 3000 }, "timeout"],
    [{ argv: ["check"], shell: true }, ""],
  ])("of the parameters %j finds wrong: %s", (params, wrong) => {
    expect(wrongPaths("exec-probe", params)).toBe(wrong);
  });
});
