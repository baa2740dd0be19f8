import * as crypto from "node:crypto";
import { beforeEach, expect, test, vi } from "vitest";
import { createApi } from "../../src/api/api.ts";
import { TOKENS } from "../support/attacked-port.ts";
import { FakeControlPlane } from "../support/fake-control-plane.ts";

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, timingSafeEqual: vi.fn<typeof crypto.timingSafeEqual>(real.timingSafeEqual) };
});

const compared = vi.mocked(crypto.timingSafeEqual);
beforeEach(() => void compared.mockClear());

/** No test can time this; what can be seen is that each guess is compared in the same way, and never the texts. */
test.each([
  ["nothing in common", "x"],
  ["all but its last letter in common", TOKENS.admin.slice(0, -1)],
  ["as many letters", "x".repeat(TOKENS.admin.length)],
  ["512 letters", "x".repeat(512)],
])("a guess with %s is compared as 32 bytes, with both tokens", async (_what, guess) => {
  const api = createApi(new FakeControlPlane(), { access: { via: "port", tokens: TOKENS } });
  const answer = await api.request("/api/pause", { method: "POST", headers: { Host: "127.0.0.1", Authorization: `Bearer ${guess}` } });
  expect(answer.status).toBe(401);
  const sizes = compared.mock.calls.map((pair) => pair.map(({ byteLength }) => byteLength));
  expect(sizes).toEqual([
    [32, 32],
    [32, 32],
  ]);
});
