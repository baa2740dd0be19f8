import { z } from "zod";
import type { GpuChoice } from "../core/gpu.ts";
import type { MachineLimits } from "../core/strategy.ts";
import { durationField, numberField, percentField } from "./fields.ts";

/** What is told of the machine itself, and holds heals back where it is short: see `docs/configuration.md`. */

const GPUS_MAX = 64;

export const HOST_FIELDS = z.strictObject({
  memory_available_below: percentField({ min: 1, max: 50 }, "tell when less of the machine's memory is available").prefault("5%"),
  disk_free_below: percentField({ min: 1, max: 50 }, "tell when less of the disk that holds healer's records is free").prefault("5%"),
  load_above: numberField({ min: 0.1, max: 1000 }, "tell when the load average of one minute is more than this per core").optional(),
  hold: z.boolean().default(false).describe("meanwhile hold back heals of workers whose work goes badly, and not only tell"),
});

export const GPU_FIELDS = z.strictObject({
  every: durationField({ minMs: 5_000, maxMs: 300_000 }, "how often nvidia-smi is asked, where there is one").prefault("10s"),
  temperature_above: numberField({ min: 40, max: 120 }, "°C from which on a GPU counts as too hot, throttled or not").default(90),
  command: z.string().min(1).max(1000).default("nvidia-smi").describe("the program, on the PATH or with its path"),
});

const FALSE_OR = { error: "expected settings, or false" };

export const HOST = z
  .union([z.literal(false), HOST_FIELDS], FALSE_OR)
  .describe("memory, disk and load of the machine; false = not watched");
export const GPU = z.union([z.literal(false), GPU_FIELDS], FALSE_OR).describe("the machine's GPUs; false = nvidia-smi is never asked");

const INDEX = z
  .int("expected the number of a GPU")
  .min(0, "expected the number of a GPU")
  .max(GPUS_MAX - 1, "expected the number of a GPU");

/** Without it: the GPUs on which its workers hold memory. */
export const GPU_CHOICE = z
  .union([z.enum(["all", "none"]), INDEX, z.array(INDEX).min(1).max(GPUS_MAX)], {
    error: "expected all, none, the number of a GPU, or a list of numbers",
  })
  .transform((value): GpuChoice => (typeof value === "number" ? [value] : value))
  .meta({ description: "the GPUs these workers compute on, as nvidia-smi numbers them; all; or none" });

export interface CompiledMachine {
  /** null = not watched. */
  readonly host: z.output<typeof HOST_FIELDS> | null;
  readonly gpu: z.output<typeof GPU_FIELDS> | null;
}

export function readMachine(top: {
  readonly host?: z.output<typeof HOST> | undefined;
  readonly gpu?: z.output<typeof GPU> | undefined;
}): CompiledMachine {
  const { host = HOST_FIELDS.parse({}), gpu = GPU_FIELDS.parse({}) } = top;
  return { host: host === false ? null : host, gpu: gpu === false ? null : gpu };
}

export function limitsOf({ host, gpu }: CompiledMachine): MachineLimits {
  return {
    host: host && {
      memoryPercentMin: host.memory_available_below,
      diskPercentMin: host.disk_free_below,
      loadPerCoreMax: host.load_above ?? null,
      holds: host.hold,
    },
    gpu: gpu && { temperatureMaxC: gpu.temperature_above },
  };
}
