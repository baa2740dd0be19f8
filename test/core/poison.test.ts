import { expect, test } from "vitest";
import { poisonOf } from "../../src/core/poison.ts";
import { CoreWorld } from "../support/core-world.ts";

function poison(world: CoreWorld, task: string): void {
  world.observations.push({ kind: "poison", queue: "llm", task, workers: ["app:0", "app:1", "app:2"], atMs: world.nowMs });
  world.advance(2_000);
}

test("a poison task is told with the workers it failed on, and nobody is healed for it", () => {
  const world = new CoreWorld({ apps: { app: 3 } });
  poison(world, "invoice-7");
  expect(world.lines("poison_task")).toMatchObject([
    {
      target: "queue:llm",
      level: "warn",
      reason:
        'task "invoice-7" of queue llm failed on app:0, app:1, app:2, each of which did other tasks well right before and right after: the task is at fault, not they, and it counts against nobody any more',
      more: { task: "invoice-7", workers: ["app:0", "app:1", "app:2"] },
    },
  ]);
  expect(world.executed).toEqual([]);
});

test("of each queue the newest twenty are kept, each once", () => {
  const world = new CoreWorld();
  for (let count = 0; count < 30; count++) poison(world, `t${count}`);
  poison(world, "t15");
  const kept = poisonOf(world.state, "llm").map(({ task }) => task);
  expect(kept).toHaveLength(20);
  expect(kept.at(-1)).toBe("t15");
  expect(new Set(kept).size).toBe(20);
  expect(poisonOf(world.state, "other")).toEqual([]);
});
