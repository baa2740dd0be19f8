import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Compiled } from "../../src/config/compiled.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { LogRecord } from "../../src/core/log-record.ts";
import type { WorkerRow } from "../../src/core/worker-row.ts";
import { LiveConfig } from "../../src/daemon/live-config.ts";
import { small } from "../config/loaded.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";
import { workerRow } from "../support/worker-row.ts";

interface Editing {
  readonly file: string;
  readonly live: LiveConfig;
  readonly lines: LogRecord[];
  readonly adopted: Compiled[];
  /** Writes the file and waits for the line about it. */
  edit(text: string): Promise<LogRecord | undefined>;
  nextLine(what: string, act: () => void): Promise<LogRecord | undefined>;
}

const TEXT = small();

function editing(options: { observe?: boolean; rows?: readonly WorkerRow[] } = {}): Editing {
  const file = join(temporaryDir(), "h.yaml");
  writeFileSync(file, TEXT);
  const { observe = false } = options;
  const compiled = loadConfig(TEXT, { file, env: {}, observe });
  if (!compiled.ok) throw new Error("the test's configuration is wrong");
  const [lines, adopted]: [LogRecord[], Compiled[]] = [[], []];
  const live = new LiveConfig({
    ...{ compiled: compiled.value, text: TEXT, env: {}, observe, wallMs: () => Date.now(), rows: () => options.rows ?? null },
    tell: (record) => lines.push(record),
    adopt: (edited) => adopted.push(edited),
  });
  live.start();
  onTestFinished(() => live.stop());
  const nextLine = async (what: string, act: () => void): Promise<LogRecord | undefined> => {
    const count = lines.length;
    act();
    await until(() => lines.length > count, what);
    return lines.at(-1);
  };
  return { file, live, lines, adopted, nextLine, edit: (text) => nextLine("a line about the edit", () => writeFileSync(file, text)) };
}

test("a valid edit comes into force, and the line says what it changes", async () => {
  const { live, adopted, edit } = editing();
  const before = live.status();
  const line = await edit(small("", "interval: 7s\n"));
  expect(line).toMatchObject({ level: "info", event: "config_loaded" });
  expect(line?.reason).toMatch(/in force: interval: 2s → 7s$/);
  expect(adopted.map(({ policy }) => policy.intervalMs)).toEqual([7_000]);
  expect(live.status()).toMatchObject({ rejected: null, hash: adopted[0]?.hash });
  expect(live.status().hash).not.toBe(before.hash);
});

test("an invalid edit is refused and told once, and the valid one after it comes into force", async () => {
  const { file, live, lines, adopted, edit } = editing();
  const before = live.status();
  const refused = await edit(TEXT.replace("mode: heal", "mode: heel"));
  expect(refused).toMatchObject({ level: "error", event: "config_rejected" });
  expect(refused?.reason).toMatch(/did you mean heal\?.*; the configuration in force stays$/);
  expect(live.status()).toEqual({ ...before, rejected: refused?.reason });
  writeFileSync(file, TEXT.replace("mode: heal", "mode: heel"));
  await edit(TEXT.replace("mode: heal", "mode: observe"));
  expect(lines.map(({ event }) => event)).toEqual(["config_rejected", "config_loaded"]);
  expect(live.status().rejected).toBeNull();
  expect(adopted.map(({ policy }) => policy.mode)).toEqual(["observe"]);
});

test("taking an invalid edit back leaves nothing behind, and starts nothing anew", async () => {
  const { live, adopted, edit } = editing();
  const before = live.status();
  await edit("version: 1");
  const back = await edit(TEXT);
  expect(back?.reason).toContain("is again what is in force");
  expect([live.status(), adopted]).toEqual([before, []]);
});

test("a file that was away for a while and is back unchanged is no reason for a person to look any more", async () => {
  const { file, live, adopted, nextLine } = editing();
  const gone = await nextLine("the loss", () => renameSync(file, `${file}.away`));
  expect(gone?.reason).toMatch(/^cannot read .*ENOENT; the configuration in force stays$/);
  expect(live.status().rejected).toBe(gone?.reason);
  await nextLine("its return", () => renameSync(`${file}.away`, file));
  expect([live.status().rejected, adopted]).toEqual([null, []]);
});

test("--observe outlives every edit", async () => {
  const { adopted, edit } = editing({ observe: true });
  await edit(small("", "interval: 7s\n"));
  expect(adopted.map(({ policy }) => policy.mode)).toEqual(["observe"]);
});

test("what is opened at the start needs a restart, and says so as long as it differs from what was started", async () => {
  const { edit } = editing();
  const moved = await edit(small("", "pm2_home: /srv/pm2\napi: false\n"));
  expect(moved?.reason).toContain("pm2_home and api only after a restart of healer");
  const stillMoved = await edit(small("", "interval: 7s\napi: false\n"));
  expect(stillMoved?.reason).toContain("; api only after a restart of healer");
  const back = await edit(small("", "interval: 8s\n"));
  expect(back?.reason).not.toContain("restart of healer");
});

test("a line about a hundred mistakes is still a line", async () => {
  const { edit } = editing();
  const wrong = Array.from({ length: 100 }, (_, index) => `nonsense_${index}: 1\n`).join("");
  const refused = await edit(small("", wrong));
  expect(refused?.reason).toContain("(and 95 more)");
  expect(refused?.reason.length).toBeLessThan(2_000);
});

test("an edit says first how many running workers each strategy selects then, where that changes", async () => {
  const rows = ["api", "api", "web", "mail"].map((name, pmId) => workerRow({ name, pmId }));
  const { edit } = editing({ rows });
  const wider = await edit(TEXT.replace("{app: api}", '{app: "*"}'));
  expect(wider?.reason).toContain("in force: strategies.api selects: 2 → 4 running workers | strategies.api.match.app: api → *");
  expect(wider?.more?.["diff"]).toContain("strategies.api selects: 2 → 4 running workers");
  const nobody = await edit(TEXT.replace("{app: api}", "{app: apo}"));
  expect(nobody?.reason).toContain("strategies.api selects: 4 → 0 running workers");
  const same = await edit(TEXT.replace("{app: api}", "{app: nobody}"));
  expect(same?.reason).not.toContain("selects");
});
