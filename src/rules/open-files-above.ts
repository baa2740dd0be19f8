import { z } from "zod";
import type { Observation } from "../core/observation.ts";
import { formatDuration } from "../core/quantities.ts";
import {
  describeReadings,
  fileReading,
  flipWhileAbove,
  freshReadings,
  judgeReadings,
  timingAbove,
  type LimitParams,
  type Readings,
} from "./above-limit.ts";
import { duration, filesLimit } from "./param-schemas.ts";
import { defineRule } from "./rule.ts";

interface Params {
  readonly limit: { readonly percent: number } | { readonly count: number };
  readonly for: number;
}

interface Memory extends Readings {
  /** Files, sockets and pipes at the newest reading, and how many there may be; null = any number. */
  open: number;
  most: number | null;
}

/**
 * The worker's process has had more files, sockets and pipes open than `limit` for `for`: a count, or a share of what the kernel lets this
 * process have. At 100 % nothing can be opened any more, neither a connection nor a log file.
 */
export const openFilesAbove = defineRule<Params, Memory>({
  name: "open-files-above",
  summary:
    "the worker's process has had more files and sockets open than limit (a count, or a share of what it may have) for as long as for",
  params: z.strictObject({ limit: filesLimit().prefault("80%"), for: duration().prefault("1m") }),
  needs: ["files"],
  scope: "worker",
  actsInGrace: false,
  action: null,
  fresh: () => ({ ...freshReadings(), open: 0, most: null }),

  observe(memory, observation, _view, { params }) {
    if (observation.kind === "files") fileCount(memory, observation, params);
  },

  judge: (memory, view, { params }) => ({ ...judgeReadings(memory, view, limitOf(params)), unit: "count" in params.limit ? "files" : "%" }),

  describe(memory, view, judgement, { params }) {
    if (judgement.state === "unknown") return "open files unknown: they were not counted within the last minute";
    const against = `${memory.open} files open of ${memory.most ?? "any number"}, limit ${limitWords(params)}`;
    return describeReadings(memory, view, against, limitOf(params));
  },

  flip(memory, view, { state }, { params }) {
    const [limit, patience] = [limitWords(params), formatDuration(params.for)];
    if (state === "unknown") return `needs a count of its open files; above ${limit} for ${patience} would heal`;
    return (
      flipWhileAbove(memory, { nowMs: view.nowMs, state }, limitOf(params), { limit, would: "would heal" }) ??
      `would heal if it had more than ${limit} open for ${patience}`
    );
  },

  timing: ({ params }) => timingAbove(limitOf(params), "above the limit"),
});

function limitOf({ limit, for: forMs }: Params): LimitParams {
  return { limit: "count" in limit ? limit.count : limit.percent, for: forMs };
}

function limitWords({ limit }: Params): string {
  return "count" in limit ? String(limit.count) : `${limit.percent}%`;
}

/** Who may have any number has no share of it that could be above a limit. */
function fileCount(memory: Memory, { count, limit, atMs }: Extract<Observation, { kind: "files" }>, params: Params): void {
  const share = limit === null ? 0 : Math.round((1000 * count) / limit) / 10;
  fileReading(memory, { value: "count" in params.limit ? count : share, atMs }, limitOf(params).limit);
  memory.open = count;
  memory.most = limit;
}
