import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CompiledNotifier } from "../../src/config/compile-kinds.ts";
import type { LogRecord } from "../../src/core/log-record.ts";
import { Channels, type ChannelsOptions } from "../../src/daemon/notify/channels.ts";
import { webhook } from "../../src/notifiers/webhook.ts";
import { systemFiles } from "../../src/world/files/system-files.ts";
import { fakeClock } from "./fake-clock.ts";
import { temporaryDir } from "./temporary-dir.ts";
import { WALL_MS } from "./log-records.ts";

const QUICK = { retryBaseMs: 1, retryMaxMs: 5 };
/** Each record a message, and as many as a test likes. */
const EAGER = { on: ["all", "notify_failed"], group: 0, max_per_hour: 3_600 };

export function webhooks(...given: readonly object[]): readonly CompiledNotifier[] {
  return given.map((params, index) => ({
    number: index + 1,
    kind: webhook,
    params: webhook.params.parse({ type: "webhook", ...EAGER, ...params }),
    path: [],
  }));
}

/** Channels with outboxes in a folder, as a daemon has them; more of them on the same `dir` are the daemon after a restart. */
export function toldChannels(
  notifiers: readonly CompiledNotifier[],
  limits: ChannelsOptions["limits"] = {},
  dir: string = join(temporaryDir(), "outbox"),
) {
  const failures: LogRecord[] = [];
  const clock = fakeClock();
  clock.setWall(WALL_MS);
  const channels = new Channels({
    files: systemFiles(),
    dir,
    record: (record) => failures.push(record),
    wallMs: () => clock.wallMs(),
    random: () => 0.5,
    limits: { ...QUICK, ...limits },
  });
  channels.use(notifiers);
  onTestFinished(() => channels.close(0));
  return { channels, failures, clock, dir };
}
