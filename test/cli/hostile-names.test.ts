import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatLine } from "../../src/record/heal-line.ts";
import { daemonStatus, explanation, targetStatus } from "../support/fake-control-plane.ts";
import { fakeDaemon } from "../support/fake-daemon.ts";
import { HOSTILE_ROWS, OBEYED } from "../support/hostile-names.ts";
import { sealedRecord, WALL_MS } from "../support/log-records.ts";

const RULE = { state: "sick", sustained: true, value: 1, threshold: 1, unit: "", n: 1, low: null, high: null, stands_ms: 5 } as const;

/** A daemon all of whose words a watched program chose. */
async function stage(name: string) {
  const daemon = await fakeDaemon();
  const id = `${name}:0`;
  const duplicate = { owner: "outside", pid: 7, command: name, started_at: name, counts: true } as const;
  daemon.plane.current = daemonStatus({
    paused: name,
    targets: [
      targetStatus({ id: name, kind: "group", strategy: name, duplicates: [duplicate] }),
      targetStatus({ id, phase: "suspect", state: name, symptom: name, waits_for: name, paused: null }),
      targetStatus({ id: `other-${id}`, paused: name, incident: name }),
    ],
    config: { ...daemonStatus().config, file: name, rejected: name },
    pm2: { state: "lost", home: name, version: name, reason: name, since: null },
    blind: [{ sensor: name, target: id, reason: name, for_ms: 1 }],
    queues: [
      {
        ...{ name, pending: 1, running: 1, completed: 1, failed: 1, age_ms: 1, totals_only: true },
        poison_tasks: [{ task: name, workers: [name], since: name }],
      },
    ],
    needs_person: [name],
  });
  const guard = { guard: "grace", holds: true, reason: name, flip: name, until: null, left_ms: null };
  const known = { target: id, strategy: name, state: name, reason: name, flip: name, incident: name, duplicates: [name] };
  const lastHeal = { id: name, atMs: 0, wallMs: WALL_MS, action: name, rule: name, verdict: "failed" } as const;
  daemon.plane.explanations.set(
    "it",
    explanation({ ...known, guards: [guard], rules: [{ ...RULE, rule: name, text: name, flip: name }], last_heal: lastHeal }),
  );
  daemon.plane.reply = { code: 4, text: name, healId: name };
  const records = ["symptom", "heal_intent", "heal_action", "heal_verdict", "hold"].map((event) =>
    sealedRecord({
      level: "warn",
      event: event as "hold",
      target: id,
      app: name,
      strategy: name,
      reason: name,
      heal_id: "20261122-031245-7",
      more: { action: name, guard: name, verdict: name, restore: name },
    }),
  );
  writeFileSync(join(daemon.home, "heal.log"), records.map((record) => `${formatLine(record)}\n`).join(""));
  return daemon;
}

const COMMANDS = [
  ["status"],
  ["status", "--nagios"],
  ["status", "--json"],
  ["log"],
  ["log", "--json"],
  ["log", "--summary"],
  ["log", "--event", "NAME"],
  ["explain", "it"],
  ["explain", "it", "--json"],
  ["explain", "20261122-031245-7", "--json"],
  ["explain", "20261122-031245-7"],
  ["explain", "NAME"],
  ["heal", "it"],
  ["pause", "it"],
  ["reset", "NAME"],
  ["log", "--evidence", "NAME"],
];

test.each(HOSTILE_ROWS)("a name with %s steers no terminal, whatever command shows it", async (_what, name) => {
  const { cli } = await stage(name);
  for (const command of COMMANDS) {
    const args = command.map((word) => (word === "NAME" ? name : word));
    const { out, err } = await cli(args);
    expect(`${out}${err}`, args.join(" ")).not.toBe("");
    expect(OBEYED.exec(out)?.[0], `${args.join(" ")}: ${JSON.stringify(out)}`).toBeUndefined();
    expect(OBEYED.exec(err)?.[0], `${args.join(" ")}: ${JSON.stringify(err)}`).toBeUndefined();
  }
});

test("in colour the only sequences are healer's own", async () => {
  const { cli } = await stage("\u001b[35mrpa\u001b]8;;http://evil.example\u0007");
  for (const command of [["status"], ["log"], ["explain", "it"]]) {
    const { out } = await cli(command, { colour: true });
    expect(out).toContain("\u001b[");
    // oxlint-disable-next-line no-control-regex
    expect(OBEYED.test(out.replaceAll(/\u001b\[(0|1|2|22|3[126]|33|39)m/g, "")), JSON.stringify(out)).toBe(false);
  }
});
