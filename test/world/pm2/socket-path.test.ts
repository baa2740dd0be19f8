import { homedir } from "node:os";
import { describe, expect, it } from "vitest";
import { connectPm2 } from "../../../src/world/pm2/connect-pm2.ts";
import { explainConnectError, pm2HomeOf, socketPaths, whyPathTooLong } from "../../../src/world/pm2/socket-path.ts";
import { failureOf } from "./pm2-world.ts";

describe("PM2_HOME", () => {
  it.each<[string, Record<string, string>, string | null, string]>([
    ["the configuration first", { PM2_HOME: "/from/env", HOME: "/home/u" }, "/configured", "/configured"],
    ["then the environment", { PM2_HOME: "/from/env", HOME: "/home/u" }, null, "/from/env"],
    ["then ~/.pm2", { HOME: "/home/u" }, null, "/home/u/.pm2"],
    ["an empty PM2_HOME counts as none", { PM2_HOME: "", HOME: "/home/u" }, null, "/home/u/.pm2"],
    ["without HOME the account's own folder", {}, null, `${homedir()}/.pm2`],
  ])("%s", (_what, env, configured, expected) => {
    expect(pm2HomeOf(env, configured)).toBe(expected);
  });

  it("is ignored on Windows, where PM2's pipes have fixed names", () => {
    expect(socketPaths("C:\\pm2", "win32")).toEqual({ rpc: "\\\\.\\pipe\\rpc.sock", bus: "\\\\.\\pipe\\pub.sock" });
  });
});

describe("the socket's path", () => {
  it.each<[number, NodeJS.Platform, boolean]>([
    [107, "linux", true],
    [108, "linux", false],
    [103, "darwin", true],
    [104, "darwin", false],
  ])("of %i bytes on %s fits: %s", (bytes, platform, fits) => {
    expect(whyPathTooLong(`/${"x".repeat(bytes - 1)}`, platform) === null).toBe(fits);
  });

  it("counts bytes, not letters", () => {
    expect(whyPathTooLong(`/${"ü".repeat(60)}`, "linux")).toContain("121 bytes");
  });

  it("that is too long is told instead of tried", async () => {
    const door = connectPm2({ pm2Home: `/tmp/${"h".repeat(120)}`, envNames: [], onHint: () => {} });
    expect(failureOf(await door.list())).toMatch(/^absent: .*use a shorter PM2_HOME$/);
    door.close();
  });

  it.each([
    ["ENOENT", "absent", "PM2_HOME does not exist"],
    ["EACCES", "forbidden", "belongs to uid"],
    ["ECONNREFUSED", "refused", "left its socket behind"],
    ["EAGAIN", "hung", "accepts no more"],
    ["EWHATEVER", "refused", "EWHATEVER"],
  ])("%s from the system is %s, in one line that names the path", (code, kind, words) => {
    const error = explainConnectError("/nowhere/h/rpc.sock", code);
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(words);
    expect(error.message).toContain("/nowhere/h/rpc.sock");
    expect(error.message).not.toContain("\n");
  });
});
