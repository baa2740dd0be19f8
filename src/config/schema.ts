import { z } from "zod";
import { DEAD_MANS_SWITCH } from "./dead-mans-switch.ts";
import { DEPENDENCY_PROBE } from "./dependency-probe.ts";
import { durationField } from "./fields.ts";
import { STRATEGY_KNOBS } from "./knobs.ts";
import { GPU, GPU_CHOICE, HOST } from "./machine.ts";
import { MAINTENANCE } from "./maintenance-schema.ts";

/** The shape of the file. What the drawers know (rules, queues, notifiers) is checked against their registries. */

const NAME_MAX = 100;
const LIST_MAX = 200;

const MODE = z.enum(["observe", "heal"]).describe("observe: decide and record only; heal: act as well");

/** PM2 takes any text as a name; one that is all digits arrives as a number. */
const PATTERN = z
  .union([z.string().min(1, "expected a PM2 name or a pattern with * and ?").max(NAME_MAX), z.number()])
  .transform(String)
  .meta({ description: "a PM2 name, or a pattern with * and ?" });
const PATTERNS = z
  .union([PATTERN, z.array(PATTERN).min(1, "expected at least one name or pattern").max(LIST_MAX)])
  .transform((value) => [value].flat());

/** Names of strategies and queues stand in log lines, metrics and paths of settings. */
export const NAME = z
  .string()
  .max(NAME_MAX)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, "expected a name of letters, digits, dashes and underscores");

/** Reading needs no password, so the page is for this machine; whoever wants it elsewhere puts a proxy with a login before it. */
const LOOPBACK = z
  .string()
  .regex(
    /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/,
    "expected a loopback address (127.0.0.1, ::1 or localhost): reading needs no password",
  );

const PM2_HOME = z
  .string()
  .max(4096)
  .regex(/^(\/|~$|~\/)/, "expected an absolute path, or one that begins with ~/");

const API = z.union([
  z.literal(false),
  z.strictObject({
    host: LOOPBACK.optional().describe("a loopback address; the page is for this machine"),
    port: z
      .int("expected a port from 0 to 65535")
      .min(0, "expected a port from 0 to 65535")
      .max(65_535, "expected a port from 0 to 65535")
      .optional(),
  }),
]);

export const TOP_SCHEMA = z.strictObject({
  version: z.literal(1).describe("version of this format"),
  mode: MODE,
  interval: durationField({ minMs: 500, maxMs: 60_000 }, "a turn: how often healer looks and decides").optional(),
  pm2_home: PM2_HOME.optional().describe("PM2's own folder; else PM2_HOME, else ~/.pm2"),
  defaults: z.unknown().optional(),
  queues: z.unknown().optional(),
  strategies: z.unknown(),
  notify: z.unknown().optional(),
  dead_mans_switch: DEAD_MANS_SWITCH.optional(),
  maintenance: MAINTENANCE.optional().describe("times at which nobody is healed"),
  host: HOST.optional(),
  gpu: GPU.optional(),
  api: API.optional().describe("where status and metrics are served; false = control socket only"),
});

export const STRATEGY_SCHEMA = STRATEGY_KNOBS.extend({
  name: NAME,
  mode: MODE.optional(),
  match: z.strictObject({ app: PATTERNS, namespace: PATTERN.optional(), exclude: PATTERNS.optional() }).describe("which PM2 apps"),
  queue: z
    .union([NAME, z.array(NAME).min(1).max(LIST_MAX)])
    .optional()
    .describe("the queue, or queues, whose figures speak of these workers"),
  maintenance: MAINTENANCE.optional().describe("times at which these workers are not healed, besides those at the top of the file"),
  dependency_probe: DEPENDENCY_PROBE.optional(),
  gpu: GPU_CHOICE.optional(),
  rules: z.array(z.unknown()).max(LIST_MAX).optional(),
  actions: z
    .array(z.string())
    .min(1, "expected at least one action")
    .max(20)
    .optional()
    .describe("the ladder, gentlest first; the last one repeats"),
});

export const RULE_MODE = MODE.optional();

export const ACTIONS_DEFAULT: readonly string[] = ["restart", "stop-start"];
export const API_DEFAULT = { host: "127.0.0.1", port: 7717 } as const;
export const INTERVAL_DEFAULT_MS = 2000;
