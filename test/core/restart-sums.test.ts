import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attribute } from "../../src/core/attribute.ts";
import type { HeardExit } from "../../src/core/hearing.ts";
import type { CountedRow } from "../../src/core/restart-ledger.ts";
import { HearingWorld } from "../support/hearing-world.ts";
import { workerRow } from "../support/worker-row.ts";

describe("the sum of the shares", () => {
  const wallMs = fc.integer({ min: 1, max: 40 });
  const exit: fc.Arbitrary<HeardExit> = fc.record({
    wallMs,
    isCommanded: fc.boolean(),
    exitCode: fc.integer({ min: 0, max: 3 }),
    signal: fc.constantFrom(null, "SIGKILL", "SIGSEGV"),
    oomKills: fc.constantFrom(null, 0, 1),
  });
  const seen: fc.Arbitrary<CountedRow> = fc.record({
    ...{ generation: fc.constant("g"), pmId: fc.constant(0), restarts: fc.constant(0) },
    ...{ createdWallMs: fc.option(wallMs), startedWallMs: fc.option(wallMs), isAtRest: fc.boolean() },
  });

  test("is what PM2's count has grown by, whatever was heard", () => {
    fc.assert(
      fc.property(
        ...[
          fc.integer({ min: 1, max: 20 }),
          seen,
          fc.array(exit, { maxLength: 25 }),
          fc.option(wallMs),
          fc.option(fc.integer({ min: 0, max: 2 })),
        ],
        fc.constantFrom(null, "operator" as const, "healer" as const, "unknown" as const),
        (restarted, before, exits, startedWallMs, exitCode, cause) => {
          const row = workerRow({ restarts: restarted, startedWallMs, exitCode });
          const heard = exits.toSorted((one, other) => one.wallMs - other.wallMs);
          const shares = attribute({ restarted, seen: before, row, exits: heard, commander: cause === null ? null : { cause } });
          expect(shares.reduce((sum, { count }) => sum + count, 0)).toBe(restarted);
          expect(shares.every(({ count }) => count > 0)).toBe(true);
          if (cause !== "healer") expect(shares.some((share) => share.cause === "healer")).toBe(false);
        },
      ),
    );
  });

  const deeds = ["crash", "segv", "restart", "stop", "start", "turn", "deaf", "reboot"] as const;
  test("is the growth of the count in every walk of crashes, commands, deafness and restarts of healer", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...deeds), { maxLength: 40 }), (walk) => {
        const world = new HearingWorld({ strategy: { mode: "observe" } });
        for (const deed of walk) {
          world.nowMs += 500;
          if (deed === "crash") world.crash({ exitCode: 1 });
          else if (deed === "segv") world.crash({ signal: "SIGSEGV" });
          else if (deed === "restart") world.restart();
          else if (deed === "stop") world.pm2.stop(world.app);
          else if (deed === "start" && world.app.pid === null) world.pm2.start(world.app);
          else if (deed === "deaf") world.isListening = !world.isListening;
          else if (deed === "reboot") {
            world.save();
            world.kill();
            world.boot();
          } else world.turn();
        }
        world.turn();
        expect(world.restarts().counted).toBe(world.app.restarts);
      }),
      { numRuns: 60 },
    );
  });
});
