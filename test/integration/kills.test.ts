import { afterAll, beforeAll, expect, test } from "vitest";
import { AIMS } from "../support/kill-aims.ts";
import { brokenPromises, healsOf } from "../support/kill-checks.ts";
import { comeToRest, strike, testify } from "../support/kill-run.ts";
import { startKillWorld, type KillWorld } from "../support/kill-world.ts";
import { randomFrom } from "../support/prng.ts";

/** The short version of bench/kills.ts: the narrowest windows, once each. */

const KILLS = 8;
const REST_MS = 60_000;
const LOOP = ["loop:0"]; // a minute would have to pass before its recovery is believed

const seed = Number(process.env["HEALER_SEED"] ?? Date.now() % 1_000_000);
const random = randomFrom(seed);
let world: KillWorld;

beforeAll(async () => {
  world = await startKillWorld({ random, crashLoop: true });
});

afterAll(() => world.dispose());

test(`kill -9 at ${KILLS} bad moments repeats nothing, loses nothing, and leaves no worker down (seed ${seed})`, async () => {
  const names = ["intent durable", "between stop and start", "verifying", "hold-down's start", "verdict", "recovery", "RPC under way"];
  const aims = names.flatMap((name) => AIMS.filter((aim) => aim.name === name));
  const blows = await strike(world, { count: KILLS, random, aims });
  await comeToRest(world, { unfinished: LOOP, deadlineMs: REST_MS });
  const testimony = await testify(world, LOOP);
  expect(brokenPromises(testimony), `seed ${seed}`).toEqual([]);
  expect(blows).toHaveLength(KILLS);
  expect(healsOf(testimony.entries).length).toBeGreaterThanOrEqual(KILLS / 2);
}, 180_000);
