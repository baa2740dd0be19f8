import { describe, expect, test } from "vitest";
import { corePolicy } from "../support/core-policy.ts";
import { CoreWorld } from "../support/core-world.ts";
import { scriptedRule } from "../support/scripted-rules.ts";

/** A stop of healer's that PM2 carries out after healer has given up waiting for it: nobody else would start the worker again. */

const MINUTE = 60_000;

/** `stop-start` ends with an error while the row still runs; `stopsLater` is what PM2 does afterwards. */
function gaveUpWaiting(): CoreWorld {
  const world = new CoreWorld({ strategy: { actions: ["stop-start"] } });
  world.faults.action = "error";
  world.sicken("app:0");
  world.untilPhase("app:0", "verifying", 10 * MINUTE);
  world.faults.action = "ok";
  return world;
}

describe("a stop that PM2 carries out late", () => {
  test("is healer's own: the worker is started again, and proves itself", () => {
    const world = gaveUpWaiting();
    world.pm2.stop(world.pm2.row("app:0"));
    world.cure("app:0");
    world.until(() => world.pm2.row("app:0").pid !== null, 30 * MINUTE);
    world.untilPhase("app:0", "healthy", 60 * MINUTE);
    expect(world.reasons("heal_verdict", "app:0")[0]).toMatch(/^failed: PM2 has stopped it for healer/);
  });

  test("and comes after the verdict is held down and started, as one that healer has just stopped", () => {
    const world = gaveUpWaiting();
    world.untilPhase("app:0", "backoff", 60 * MINUTE);
    world.pm2.stop(world.pm2.row("app:0"));
    world.cure("app:0");
    world.advance(4000);
    expect(world.control("app:0").phase.name).toBe("held");
    world.until(() => world.pm2.row("app:0").pid !== null, 30 * MINUTE);
  });

  test("after PM2 has given the worker up, is healer's too", () => {
    const world = gaveUpWaiting();
    world.untilPhase("app:0", "backoff", 60 * MINUTE);
    world.pm2.giveUp(world.pm2.row("app:0"));
    world.pm2.stop(world.pm2.row("app:0"));
    world.cure("app:0");
    world.until(() => world.pm2.row("app:0").pid !== null, 60 * MINUTE);
  });

  test("is an operator's where somebody has restarted the worker meanwhile", () => {
    const world = gaveUpWaiting();
    world.untilPhase("app:0", "backoff", 60 * MINUTE);
    world.advance(MINUTE);
    world.pm2.restart(world.pm2.row("app:0"));
    world.advance(4000);
    world.pm2.stop(world.pm2.row("app:0"));
    world.advance(60 * MINUTE);
    expect(world.pm2.row("app:0").pid).toBeNull();
  });

  test("and is found long after is left alone, because nobody knows whose it was; healer says so", () => {
    const world = gaveUpWaiting();
    world.kill();
    world.pm2.stop(world.pm2.row("app:0"));
    world.advance(120 * MINUTE);
    world.boot();
    world.advance(60 * MINUTE);
    expect(world.pm2.row("app:0").pid).toBeNull();
    expect(world.reasons("alert", "app:0").at(-1)).toMatch(
      /^it is stopped: by an operator, or by PM2 for healer, .* to start it: pm2 start 0$/,
    );
  });

  test("of a member of a group is remembered over a crash: a record of the group says nothing of its worker", () => {
    const world = new CoreWorld({ apps: { app: 2 }, rules: [] });
    world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })], { strategy: { actions: ["stop-start"] } }));
    world.faults.action = "error";
    world.sicken("app");
    world.until(() => world.lines("heal_action").length > 0, MINUTE);
    world.kill();
    world.boot();
    world.faults.action = "ok";
    world.cure("app");
    world.pm2.stop(world.pm2.row("app:0"));
    world.until(() => world.pm2.row("app:0").pid !== null, 30 * MINUTE);
  });

  test("of a member of a group is healer's own where PM2 fell silent just then", () => {
    const world = new CoreWorld({ apps: { app: 2 }, rules: [] });
    world.setPolicy(corePolicy([scriptedRule(world.scripts, { key: "rate", scope: "tasks" })], { strategy: { actions: ["stop-start"] } }));
    world.faults = { ...world.faults, action: "error", takesMs: 500 };
    world.sicken("app");
    world.until(() => world.executed.length > 0, MINUTE);
    world.pm2.stop(world.pm2.row("app:0"));
    world.pm2.lost = "no answer in 5 s";
    world.advance(10 * MINUTE);
    world.faults.action = "ok";
    world.cure("app");
    world.pm2.lost = null;
    world.until(() => world.pm2.row("app:0").pid !== null, 30 * MINUTE);
  });

  test("of a healer that died over it is healer's own as well", () => {
    const world = new CoreWorld({ strategy: { actions: ["stop-start"] } });
    world.faults.action = "silent";
    world.faults.takesMs = 3_600_000; // PM2 is in no hurry
    world.sicken("app:0");
    world.untilPhase("app:0", "acting", 10 * MINUTE);
    world.kill();
    world.boot();
    world.until(() => world.lines("heal_verdict").length > 0, 10 * MINUTE);
    world.faults = { ...world.faults, action: "ok", takesMs: 0 };
    world.cure("app:0");
    world.pm2.stop(world.pm2.row("app:0"));
    world.until(() => world.pm2.row("app:0").pid !== null, 30 * MINUTE);
  });
});
