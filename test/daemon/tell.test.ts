import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Compiled } from "../../src/config/compiled.ts";
import type { LogRecord } from "../../src/core/log-record.ts";
import { RecentRecords } from "../../src/daemon/recent-records.ts";
import { Teller } from "../../src/daemon/tell.ts";
import type { Notifier } from "../../src/notifiers/notifier.ts";
import { openHealLog } from "../../src/record/heal-log.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { loaded, small } from "../config/loaded.ts";
import { temporaryDir } from "../support/temporary-dir.ts";
import { until } from "../support/until.ts";

const LINE: LogRecord = { level: "info", event: "hold", target: "app:0", strategy: "all", reason: "why" };

interface Telling {
  readonly teller: Teller;
  readonly recent: RecentRecords;
  /** `NOTIFIER: CONFIG`, for each message sent. */
  readonly sent: string[];
  readonly created: string[];
  config(to: string, top?: string): Compiled;
}

function telling(): Telling {
  const [sent, created]: [string[], string[]] = [[], []];
  const create = (params: unknown): Notifier => {
    const name = String(params);
    created.push(name);
    const send: Notifier["send"] = ({ notices }) => {
      sent.push(...notices.map(({ record }) => `${name}: ${record.config}`));
      return Promise.resolve({ ok: true, value: null });
    };
    return { name, keys: { on: "all", group: 0, max_per_hour: 30 }, singly: false, send };
  };
  const config = (to: string, top = ""): Compiled => {
    const compiled = loaded(small("", top));
    const kind = { type: "fake", summary: "", params: z.string(), address: String, create };
    return { ...compiled, notifiers: [{ number: 1, kind, params: to, path: [] }] };
  };
  const recent = new RecentRecords();
  const [files, dir] = [systemFiles(), temporaryDir()];
  const healLog = openHealLog({ files, dir, host: "alpha", stdout: null });
  const outbox = join(dir, "outbox");
  const teller = new Teller({ healLog, recent, wallMs: () => Date.now(), compiled: config("ada"), files, outbox, host: "alpha" });
  teller.start();
  return { teller, recent, sent, created, config };
}

test("each record goes into memory and to the notifiers, with the configuration in force", async () => {
  const { teller, recent, sent, config } = telling();
  teller.tell(LINE);
  teller.use(config("ada", "interval: 7s\n"));
  teller.tell(LINE);
  await teller.close();
  const hashes = [config("ada").hash, config("ada", "interval: 7s\n").hash];
  expect(recent.since({ sinceWallMs: 0, limit: 9 }).map(({ config: hash }) => hash)).toEqual(hashes);
  expect(sent).toEqual(hashes.map((hash) => `ada: ${hash}`));
});

test("an edit that changes nothing for notifiers leaves them, and what they hold, alone", async () => {
  const { teller, created, config } = telling();
  teller.use(config("ada", "interval: 7s\n"));
  expect(created).toEqual(["ada"]);
  teller.use(config("eve"));
  expect(created).toEqual(["ada", "eve"]);
  await teller.close();
});

test("an edit of the notifiers sends later records to the new ones only", async () => {
  const { teller, sent, config } = telling();
  teller.tell(LINE);
  await until(() => sent.length === 1, "the first message");
  teller.use(config("eve"));
  teller.tell(LINE);
  await teller.close();
  expect(sent.map((message) => message.split(":")[0])).toEqual(["ada", "eve"]);
});
