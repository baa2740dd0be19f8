import { describe, expect, test } from "vitest";
import { FINE, SICK } from "../support/scripted-rules.ts";
import { byWorker, GB, gpu, gpus, HOT, machineStage as stage, SECOND, shared } from "../support/machine-stage.ts";

/** What a restart would not mend: a card held down, or its memory taken by somebody else. */

describe("a GPU that is held down", () => {
  test("holds back whoever computes on it, and nobody else", () => {
    const { world, see, say, healed, guard } = stage({ apps: { app: 1, other: 1 } });
    see(gpus(gpu({ holders: [byWorker(10)] })));
    see(HOT, 2);
    say(SICK, "app:0", "other:0");
    see(HOT, 3);
    say(FINE, "other:0");
    see(HOT, 30);
    expect(healed()).toEqual(["other:0"]);
    expect(world.reasons("pressure")).toEqual([
      "GPU 0 (NVIDIA H200) is throttled (hardware thermal slowdown) at 94 °C, 705 of 1980 MHz; workers that fail for it are not restarted meanwhile",
    ]);
    expect(world.lines("alert")).toEqual([]);
    expect(guard("gpu")).toMatchObject({ holds: true });
    see(gpus(gpu()), 13);
    expect(healed()).toEqual(["other:0"]);
    see(gpus(gpu()), 2);
    expect(healed()).toEqual(["other:0", "app:0"]);
  });

  test.each([
    ["all", ["all" as const]],
    ["its number", [[0]]],
  ])("holds back workers that name it by %s, whether or not they hold memory", (_, [choice]) => {
    const { see, say, healed } = stage({ gpus: choice! });
    see(HOT, 2);
    say(SICK, "app:0");
    see(HOT, 10);
    expect(healed()).toEqual([]);
  });

  test("holds nobody back who computes on another one, or says none", () => {
    for (const choice of [[1], "none"] as const) {
      const { see, say, healed } = stage({ gpus: choice });
      see(gpus(gpu({ ...(HOT.kind === "gpus" ? HOT.gpus[0] : {}), holders: [byWorker(10)] })), 2);
      say(SICK, "app:0");
      see(HOT, 10);
      expect(healed()).toEqual(["app:0"]);
    }
  });

  test("for more than half an hour holds nobody back any more", () => {
    const { world, see, say, healed } = stage({ gpus: "all" });
    see(HOT, 2);
    say(SICK, "app:0");
    see(HOT, 175);
    expect(healed()).toEqual([]);
    expect(world.lines("hold", "app:0")[0]?.more).toMatchObject({ guard: "gpu", until: expect.any(String) as string });
    see(HOT, 10);
    expect(healed()).toEqual(["app:0"]);
  });

  test("that comes and goes is one trouble, which holds nobody back for longer than that", () => {
    const { see, say, healed } = stage({ gpus: "all" });
    see(HOT, 2);
    say(SICK, "app:0");
    for (let minute = 0; minute < 29; minute++) {
      see(HOT, 3);
      see(gpus(gpu()), 3);
    }
    expect(healed()).toEqual([]);
    see(HOT, 3);
    see(gpus(gpu()), 6);
    expect(healed()).toEqual(["app:0"]);
  });

  test("one that is only hot counts from the limit on", () => {
    const { world, see } = stage();
    see(gpus(gpu({ temperatureC: 89 })), 5);
    expect(world.lines("pressure")).toEqual([]);
    see(gpus(gpu({ temperatureC: 90 })), 2);
    expect(world.reasons("pressure")).toEqual([expect.stringMatching(/^GPU 0 \(NVIDIA H200\) is too hot at 90 °C/)]);
  });

  test("that cannot be seen any more holds nobody back", () => {
    const { world, see, say, healed } = stage({ gpus: "all" });
    see(HOT, 2);
    say(SICK, "app:0");
    see(HOT, 3);
    world.observations.push({ kind: "blind", sensor: "gpus", target: null, atMs: world.nowMs, reason: "GPU is lost" });
    world.advance(10 * SECOND);
    expect(healed()).toEqual(["app:0"]);
  });
});

describe("memory of a GPU", () => {
  test("that a stranger has taken from the worker holds its heal back, and names the stranger", () => {
    const { world, see, say, healed } = stage();
    see(shared(14, 0), 3);
    say(SICK, "app:0");
    see(shared(0, 78), 30);
    expect(healed()).toEqual([]);
    expect(world.lines("hold", "app:0")).toMatchObject([
      {
        reason:
          "GPU 0 (NVIDIA H200) has 2GB of 80GB free; app:0 holds 0B of the 14GB it held before, and pid 4711 (python3 train.py, user bob), which PM2 does not own, holds 78GB; a restart would get no more",
        more: { guard: "gpu", flip: "the GPU is as it should be again" },
      },
    ]);
    see(shared(0, 0), 12);
    expect(healed()).toEqual([]);
    see(shared(0, 0), 2);
    expect(healed()).toEqual(["app:0"]);
  });

  test.each([
    ["the worker holds what it held before", 14, 66],
    ["there is room for what it held before", 0, 60],
    ["nobody else holds any", 0, 0],
  ])("holds nothing back where %s", (_, worker, stranger) => {
    const { see, say, healed } = stage();
    see(shared(14, 0), 3);
    say(SICK, "app:0");
    see(shared(worker, stranger), 5);
    expect(healed()).toEqual(["app:0"]);
  });

  test("that was never the worker's counts where it names the GPU, which a stranger fills", () => {
    const { see, say, healed } = stage({ gpus: [0] });
    say(SICK, "app:0");
    see(shared(0, 78), 5);
    expect(healed()).toEqual([]);
  });

  test("whose holder healer cannot see, or PM2 owns, is nobody's fault", () => {
    for (const owner of [{ kind: "unseen" }, { kind: "pm2" }] as const) {
      const { see, say, healed } = stage();
      see(shared(14, 0), 3);
      say(SICK, "app:0");
      see(gpus(gpu({ memoryFreeBytes: 2 * GB, holders: [{ pid: 9, bytes: 78 * GB, owner }] })), 3);
      expect(healed()).toEqual(["app:0"]);
    }
  });

  test("that it held before an operator's restart says nothing of what it needs now", () => {
    const { world, see, say, healed } = stage();
    see(shared(14, 0), 3);
    world.pm2.restart(world.pm2.row("app:0"));
    see(shared(0, 78), 30);
    say(SICK, "app:0");
    see(shared(0, 78), 3);
    expect(healed()).toEqual(["app:0"]);
  });
});
