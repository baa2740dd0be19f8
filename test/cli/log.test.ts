import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli } from "../../src/cli/program.ts";
import { formatLine } from "../../src/record/heal-line.ts";
import type { SealedRecord } from "../../src/core/sealed-record.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";
import { sealedRecord } from "../support/log-records.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const HEAL = "20261122-031245-7";
const at = (time: string): string => `2026-11-22T${time}.000Z`;

const STORY: readonly SealedRecord[] = [
  sealedRecord({ ts: at("03:11:55"), reason: "4 of the last 58 tasks succeeded" }),
  sealedRecord({
    ts: at("03:12:45"),
    level: "warn",
    event: "heal_intent",
    heal_id: HEAL,
    reason: "4 of the last 58 tasks succeeded; action: restart (heal 1 of 3 before giving up)",
    more: { rule: "success-rate", action: "restart" },
  }),
  sealedRecord({ ts: at("03:12:46"), event: "heal_action", heal_id: HEAL, reason: "restart done", more: { ok: true, took_ms: 900 } }),
  sealedRecord({
    ts: at("03:16:00"),
    event: "heal_verdict",
    heal_id: HEAL,
    reason: "recovered: 40 of 41 tasks succeeded",
    more: { verdict: "recovered", time_to_detect_ms: 50_000, time_to_recover_ms: 245_000 },
  }),
];

function homeWith(records: readonly SealedRecord[]): string {
  const home = temporaryDir();
  writeFileSync(join(home, "heal.log"), records.map((record) => `${formatLine(record)}\n`).join(""));
  return home;
}

async function cli(args: readonly string[], home: string) {
  const terminal = fakeTerminal({ HEALER_HOME: home });
  return { code: await runCli(args, terminal), out: terminal.printed(), err: terminal.complained() };
}

test("the log is read without a daemon, the newest 50 lines unless said", async () => {
  const many = Array.from({ length: 80 }, (_, index) => sealedRecord({ reason: `record ${index}` }));
  const { code, out } = await cli(["log"], homeWith(many));
  expect(code).toBe(0);
  expect(out.split("\n")).toHaveLength(50);
  expect(out).toContain("record 79");
});

test("-n, --since, --target and --event choose", async () => {
  const home = homeWith([...STORY, sealedRecord({ ts: at("04:00:00"), target: "mailer:0", event: "hold", reason: "the last" })]);
  expect((await cli(["log", "-n", "1"], home)).out).toContain("the last");
  expect((await cli(["log", "--since", at("03:15:00")], home)).out.split("\n")).toHaveLength(2);
  expect((await cli(["logs", "--target", "rpa-worker"], home)).out.split("\n")).toHaveLength(4);
  expect((await cli(["log", "--event", "heal_action"], home)).out).toContain("restart done");
});

test("--json gives the lines as they stand in the file", async () => {
  const { out } = await cli(["log", "--json"], homeWith(STORY));
  expect(out.split("\n")).toEqual(STORY.map(formatLine));
});

test("--summary counts", async () => {
  const home = homeWith(STORY);
  expect((await cli(["log", "--summary"], home)).out).toBe(`4 records from 2026-11-22T03:11:55.000Z to 2026-11-22T03:16:00.000Z
  would-heals      0  (heals that observe mode kept healer from)
  heals            1  (recovered 1)
  self-recoveries  0  (symptoms that went away without a heal)
  holds            0
  pages            0  (records that wake a person)`);
  expect(JSON.parse((await cli(["log", "--summary", "--json"], home)).out)).toMatchObject({ heals: 1, verdicts: { recovered: 1 } });
});

test("-f goes on as lines are written, until interrupted", async () => {
  const home = homeWith(STORY);
  const terminal = fakeTerminal({ HEALER_HOME: home });
  const running = runCli(["log", "-n", "1", "-f"], terminal);
  await until(() => terminal.printed().includes("recovered"), "the last line");
  await until(() => {
    appendFileSync(join(home, "heal.log"), `${formatLine(sealedRecord({ reason: "a new one" }))}\n`);
    return terminal.printed().includes("a new one");
  }, "the new line");
  terminal.interrupt();
  expect(await running).toBe(0);
});

test("no log is exit 3 and says where it was looked for", async () => {
  const home = temporaryDir();
  expect(await cli(["log"], home)).toMatchObject({ code: 3, err: `no heal log in ${home} that alice may read` });
});

test("a heal is told as a story", async () => {
  const { code, out } = await cli(["explain", HEAL], homeWith(STORY));
  expect(code).toBe(0);
  expect(out).toBe(`Heal ${HEAL} of rpa-worker:0: restart
  strategy rpa, rule success-rate, recovered, detected after 50 s, recovered after 4 m 5 s

  2026-11-22 03:12:45 UTC: healer decided to act
      4 of the last 58 tasks succeeded; action: restart (heal 1 of 3 before
      giving up)
  after 1 s: the action was carried out in 1 s
      restart done
  after 3 m 15 s: verdict: recovered
      recovered: 40 of 41 tasks succeeded`);
});

test("a heal nobody knows is exit 2", async () => {
  expect(await cli(["explain", "20260101-000000-1"], homeWith(STORY))).toMatchObject({
    code: 2,
    err: expect.stringContaining("no heal 20260101-000000-1") as unknown,
  });
});
