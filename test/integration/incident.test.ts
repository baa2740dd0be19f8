import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { groupPart, outageOf, startDependency } from "./scenarios/outage.ts";
import { openStage, type Stage } from "./stage.ts";

// Real PM2, real processes, knobs a twentieth as long. bench/outage.ts plays the same with eight workers for three minutes.

describe.concurrent("workers that go bad together", { timeout: 280_000 }, () => {
  let stage: Stage;
  let upstream: Awaited<ReturnType<typeof startDependency>>;

  beforeAll(async () => {
    upstream = await startDependency();
    const dependency_probe = { url: upstream.url, every: "1s", timeout: "1s" };
    stage = await openStage([groupPart("five", 5), groupPart("probed", 3, { strategy: { dependency_probe } })]);
  }, 90_000);
  afterAll(async () => {
    await stage?.dispose();
    await upstream?.close();
  }, 60_000);

  test("cost two restarts, and one more for the one that stays bad; the log tells it from open to closed", async () => {
    const stuck = 3;
    const { restarts, story, opened, closed, circuitsOpened } = await outageOf(stage, "five", { stuck });
    const others = restarts.filter((_, instance) => instance !== stuck).reduce((sum, count) => sum + count, 0);
    expect(others).toBeLessThanOrEqual(2);
    expect(restarts[stuck]).toBeGreaterThanOrEqual(1);
    expect(others + (restarts[stuck] ?? 0)).toBeLessThanOrEqual(3);
    expect(circuitsOpened).toBe(0);
    expect(story[0]).toBe("incident_open");
    expect(story.at(-1)).toBe("incident_closed");
    expect(story.filter((event) => event === "incident_open")).toHaveLength(1);
    expect(opened).toMatchObject({ target: "five", suspect: "deploy" }); // they had been started a moment before
    expect(opened.reason).toMatch(
      /^\d of 5 workers went bad together \(five:\d, .*after somebody started or restarted them: suspect that deploy; /,
    );
    expect(closed["lasted_ms"]).toBeGreaterThan(50_000);
  });

  test("cost none while a probe says that what they need is away, and none after it is back", async () => {
    const { restarts, story, opened } = await outageOf(stage, "probed", { during: (isAway) => upstream.goAway(isAway) });
    expect(restarts).toEqual([0, 0, 0]);
    expect(story).toEqual(["incident_open", "incident_closed"]);
    expect(opened).toMatchObject({ suspect: "upstream" });
    expect(opened.reason).toContain("fails (");
    const told = stage.healer.lines().filter(({ target }) => target === "dependency:probed");
    expect(told.map(({ event }) => event)).toEqual(["dependency_failing", "dependency_back"]);
    const holds = stage.linesOf("probed").filter(({ event }) => event === "hold");
    expect(holds.some((line) => line["guard"] === "dependency")).toBe(true);
  });
});
