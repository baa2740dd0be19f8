import { expect, test } from "vitest";
import { readRedisUrl } from "../../../src/world/bullmq/redis-address.ts";

test.each([
  ["redis://127.0.0.1:6379", { host: "127.0.0.1", port: 6379, database: 0, tls: false }],
  ["redis://127.0.0.1", { host: "127.0.0.1", port: 6379, database: 0, tls: false }],
  ["redis://[::1]:7000/", { host: "::1", port: 7000, database: 0, tls: false }],
  ["redis://:p%40ss%2F@cache/3", { host: "cache", port: 6379, password: "p@ss/", database: 3, tls: false }],
  ["rediss://me:pw@cache.example:6380/2", { host: "cache.example", port: 6380, username: "me", password: "pw", database: 2, tls: true }],
])("%s names a server", (url, address) => {
  expect(readRedisUrl(url)).toEqual({ ok: true, value: address });
});

test.each([
  ["no URL", "127.0.0.1:6379 please", /^expected a URL such as redis:\/\//],
  ["another protocol", "http://127.0.0.1:6379", /^expected a URL such as redis:\/\//],
  ["no host", "redis:///2", /^expected a URL/],
  ["a port that is none", "redis://h:99999", /^expected a URL/],
  ["a database with a name", "redis://h/emails", /only the number of the database/],
  ["options for a client", "redis://h?retryStrategy=1", /without \? and #/],
  ["a password with a slash in it", "redis://me:12/hunter2@h", /write %2F/],
  ["a password with a question mark in it", "redis://me:12?hunter2@h", /write %3F/],
  ["a password with a bare percent sign", "redis://me:hunter2%zz@h", /written %25/],
  ["a password that ends the host", "redis://:hunter2/x@h", /%2F for \//],
])("%s is refused, without a word of what stood there", (_, url, expected) => {
  const read = readRedisUrl(url);
  expect(read).toMatchObject({ ok: false, error: expect.stringMatching(expected) as string });
  expect(JSON.stringify(read)).not.toContain("hunter2");
});
