import { describe, expect, test } from "vitest";
import type { Action, ActionContext } from "../../src/actions/action.ts";
import type { Pm2View } from "../../src/core/observation.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { engineStage, settled } from "../support/engine-stage.ts";
import { failingSync, faultyCalls } from "../support/faulty-files.ts";
import { GONE } from "../support/memory-pm2.ts";
import { unhandledDuring } from "../support/unhandled.ts";

/** A restart that ends when the test says so. */
function slowRestart(): { readonly action: Action; readonly begun: ActionContext[]; end(): void } {
  const begun: ActionContext[] = [];
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = async (context: ActionContext) => {
    begun.push(context);
    await ended;
    return { ok: true, error: null };
  };
  return { begun, end: () => end(), action: { name: "restart", summary: "", whyNot: () => null, run } };
}

describe("a heal", () => {
  test("is on disk, and PM2 listed again, before anything is done; then its outcome is", async () => {
    const { did, turn, sicken } = engineStage();
    await turn();
    sicken("app:0");
    did.length = 0;
    await turn();
    expect(did).toEqual([
      ...["log symptom", "journal intent", "log heal_intent", "list"],
      ...["restart 0", "list", "log heal_action", "journal step"],
    ]);
  });

  test("does nothing when PM2 cannot be read between the intent and the deed", async () => {
    const { did, pm2, turn, sicken, lines } = engineStage();
    await turn();
    sicken("app:0");
    pm2.failures.push({ name: "list", error: GONE });
    await turn();
    expect(did.filter((each) => each.startsWith("restart"))).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ event: "heal_verdict", more: { verdict: "aborted" } });
  });

  test("does nothing when the worker was restarted by somebody else between the intent and the deed", async () => {
    const { did, pm2, clock, turn, sicken, lines } = engineStage();
    await turn();
    sicken("app:0");
    const release = pm2.hang();
    await turn();
    clock.advance(50);
    pm2.rows.restart(pm2.rows.row("app:0"));
    release();
    await settled();
    expect(did.filter((each) => each.startsWith("restart"))).toEqual([]);
    expect(lines.filter(({ event }) => event === "heal_verdict")).toMatchObject([{ more: { verdict: "aborted" } }]);
  });

  test("does nothing when the worker died between the intent and the deed and PM2 is about to bring it back", async () => {
    const { did, pm2, turn, sicken, lines } = engineStage();
    await turn();
    sicken("app:0");
    const release = pm2.hang();
    await turn();
    pm2.rows.row("app:0").status = "waiting restart"; // with the pid that died, as PM2 shows it
    release();
    await settled();
    expect(did.filter((each) => each.startsWith("restart"))).toEqual([]);
    expect(lines.filter(({ event }) => event === "heal_verdict")).toMatchObject([{ more: { verdict: "aborted" } }]);
  });

  test("is not taken for an operator's stop where a list from the middle of its action comes after its end", async () => {
    const slow = slowRestart();
    const { pm2, turn, sicken, lines } = engineStage({ apps: ["app", "other"], actions: [slow.action] });
    await turn();
    sicken("app:0");
    await turn();
    const answers: ((view: ReturnType<typeof pm2.rows.view>) => void)[] = [];
    pm2.list = () => new Promise((resolve) => answers.push((view) => resolve({ ok: true, value: view as Pm2View })));
    pm2.rows.stop(pm2.rows.row("app:0"));
    const stale = pm2.rows.view();
    sicken("other:0");
    await turn(); // asks for a list before it acts
    pm2.rows.start(pm2.rows.row("app:0"));
    slow.end();
    await settled();
    answers[1]?.(pm2.rows.view());
    await settled();
    answers[0]?.(stale);
    await settled();
    expect(lines.filter(({ event }) => event === "heal_action")).toMatchObject([{ target: "app:0", more: { ok: true } }]);
    expect(lines.filter(({ event }) => event === "heal_verdict")).toEqual([]);
    expect(answers).toHaveLength(3); // the overtaken one is asked again
  });

  test("whose action is unknown ends as an action that failed", async () => {
    const { turn, sicken, lines } = engineStage({ actions: [] });
    await turn();
    sicken("app:0");
    await turn();
    expect(lines.at(-1)).toMatchObject({ event: "heal_action", more: { ok: false, error: 'no action "restart"' } });
  });

  test("of several targets at once is one deed each, and each hears its own result", async () => {
    const apps = ["a", "b", "c"];
    const { did, pm2, turn, sicken, lines } = engineStage({ apps });
    await turn();
    sicken("a:0", "b:0", "c:0");
    const release = pm2.hang();
    await turn();
    expect(did.filter((each) => each === "journal intent")).toHaveLength(3);
    expect(did.filter((each) => each.startsWith("restart"))).toEqual([]);
    release();
    await settled();
    expect(did.filter((each) => each.startsWith("restart"))).toEqual(["restart 0", "restart 1", "restart 2"]);
    const done = lines.filter(({ event }) => event === "heal_action").toSorted((one, other) => (one.target < other.target ? -1 : 1));
    expect(done.map(({ target, more }) => [target, more?.["ok"]])).toEqual([
      ["a:0", true],
      ["b:0", true],
      ["c:0", true],
    ]);
    expect(new Set(done.map(({ heal_id }) => heal_id)).size).toBe(3);
  });
});

describe("without a durable intent", () => {
  test("nothing is done: the heal is dropped, a person is told once, and a journal that works again is used again", async () => {
    let isBroken = false;
    const { did, turn, clock, sicken, lines } = engineStage({ files: systemFiles(faultyCalls(failingSync(() => isBroken))) });
    await turn();
    sicken("app:0");
    [did.length, lines.length, isBroken] = [0, 0, true];
    await turn();
    await turn();
    expect(did).toEqual([
      ...["log symptom", "journal intent failed", "log heal_intent"],
      ...["log alert", "log heal_verdict", "journal outcome failed", "log hold"],
    ]);
    expect(lines.find(({ event }) => event === "alert")?.reason).toContain("the journal could not be written");
    expect(lines.find(({ event }) => event === "heal_verdict")).toMatchObject({ more: { verdict: "aborted" } });
    isBroken = false;
    clock.advance(60_000);
    await turn();
    expect(did.slice(-7)).toEqual([
      ...["journal intent", "log heal_intent", "list"],
      ...["restart 0", "list", "log heal_action", "journal step"],
    ]);
  });
});

describe("a command", () => {
  test("is answered to whoever gave it", async () => {
    const { engine, turn } = engineStage({ apps: ["a", "b"] });
    await turn();
    const replies = await Promise.all([
      engine.command("eve", { name: "pause", target: "a", forMs: 1_000, reason: "" }),
      engine.command("ada", { name: "heal", target: "b:0", action: null, force: [] }),
      engine.command("bob", { name: "reset", target: "nobody" }),
    ]);
    expect(replies.map(({ code, healId }) => [code, healId !== null])).toEqual([
      [0, false],
      [0, true],
      [2, false],
    ]);
  });

  test("that meets a bug ends healer, not just the request", async () => {
    const bug = new Error("made up");
    const stage = engineStage({
      write: ({ event }) => {
        if (event === "paused") throw bug;
      },
    });
    await stage.turn();
    const pausing = (): void => {
      // Whoever asked answers with an error and goes on, as the API would.
      stage.engine.command("eve", { name: "pause", target: "app", forMs: 1_000, reason: "" }).catch(() => {});
    };
    expect(await unhandledDuring(pausing)).toEqual([bug]);
  });
});

describe("at the end", () => {
  test("an action under way is waited for, and its result is on record", async () => {
    const { action, begun, end } = slowRestart();
    const { engine, did, turn, sicken } = engineStage({ actions: [action] });
    await turn();
    sicken("app:0");
    await turn();
    let isOver = false;
    const finished = engine.finish().then(() => (isOver = true));
    await settled();
    expect([begun.length, isOver]).toEqual([1, false]);
    end();
    await finished;
    expect(did.slice(-2)).toEqual(["log heal_action", "journal step"]);
  });

  test("an intent that has not been acted on is not acted on any more", async () => {
    const { engine, pm2, did, state, turn, sicken } = engineStage();
    await turn();
    sicken("app:0");
    const release = pm2.hang();
    await turn();
    const finished = engine.finish();
    release();
    await finished;
    expect(did.filter((each) => each.startsWith("restart"))).toEqual([]);
    expect(state.targets.get("app:0")?.control.phase.name).toBe("intent");
  });

  test("an exception in an action is nobody's to swallow: it ends healer as any bug does", async () => {
    const bug = new Error("made up");
    const broken: Action = { name: "restart", summary: "", whyNot: () => null, run: () => Promise.reject(bug) };
    const { turn, sicken } = engineStage({ actions: [broken] });
    await turn();
    sicken("app:0");
    expect(new Set(await unhandledDuring(turn))).toEqual(new Set([bug]));
  });
});
