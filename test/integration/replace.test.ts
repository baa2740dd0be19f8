import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AT_LEAST_ONLINE_MS, handReplace, killedMidway } from "./scenarios/replaced-by-hand.ts";
import { actionsOf, portPart, REPLACED, replacedParts, replacedWorker } from "./scenarios/replaced.ts";
import { openStage, type Stage } from "./stage.ts";

describe.concurrent("replace, on a real PM2", { timeout: 170_000 }, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage([...replacedParts, portPart]);
  }, 90_000);
  afterAll(async () => stage?.dispose(), 60_000);

  test.each(REPLACED)("%s: who fails its tasks is replaced, and at no moment there are fewer than before", async (app) => {
    const count = app === "python" ? 1 : 2;
    const seen = await replacedWorker(stage, app);
    expect(seen).toMatchObject({
      ...{ targets: [`${app}:0`], verdicts: ["recovered"], isAnother: true },
      ...{ fewestOnline: count, mostOnline: count + 1, instances: Array.from({ length: count }, (_, number) => number) },
    });
    expect(seen.overlapMs).toBeGreaterThanOrEqual(AT_LEAST_ONLINE_MS);
    expect(seen.actions).toEqual([
      `a second ${app}:N started in N ms (pm_id N, pid N); the old one (pm_id N, pid N) is deleted when that has been online for N s`,
      "the old one (pm_id N, pid N) deleted in N ms; its replacement (pm_id N, pid N) works in its place",
    ]);
  });

  test("a second one that cannot have the port goes again, and the old one is not touched", async () => {
    const seen = await handReplace(stage, "ported");
    expect(seen).toMatchObject({ verdict: "failed", isSame: true, rows: 1 });
    expect(actionsOf(stage.linesOf("ported")).at(-1)?.reason).toMatch(/^its replacement deleted again in \d+ ms: .*did not come up: /);
  });

  test("kill -9 of healer with two of them there, and right before the old one goes: one is left, and nothing is done twice", async ({
    onTestFinished,
  }) => {
    const own = await openStage([
      { app: "killed", workers: { script: "idle.mjs" }, strategy: { actions: ["replace"], rules: ["frozen"] } },
    ]);
    onTestFinished(() => own.dispose(), 60_000);
    for (const moment of ["two are there", "the old one is to go"] as const) {
      const seen = await killedMidway(own, "killed", moment);
      expect(seen, moment).toMatchObject({ rows: 1, instance: 0, status: "online", isAnother: true, added: 1, verdict: "recovered" });
    }
  });
});
