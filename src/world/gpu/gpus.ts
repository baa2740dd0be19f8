import { failure, success, type Outcome } from "../../core/outcome.ts";
import type { Environment } from "../programs/program-environment.ts";
import type { ProgramRunner } from "../programs/program-runner.ts";
import { whyNoProgram } from "../programs/find-program.ts";
import { GPU_FIELDS, parseGpus, parseProcesses, PROCESS_FIELDS, type GpuProcess, type GpuReading } from "./gpu-table.ts";

export interface GpusSeen {
  readonly gpus: readonly GpuReading[];
  /** null = it would not tell. */
  readonly processes: readonly GpuProcess[] | null;
}

/** `none`: there is no such program, no driver, or no GPU, which is normal. `slow`: it hung, as it does where a GPU has died. */
export interface GpuFailure {
  readonly kind: "none" | "slow" | "failed";
  readonly message: string;
}

export interface Gpus {
  read(signal: AbortSignal): Promise<Outcome<GpusSeen, GpuFailure>>;
}

const TIMEOUT_MS = 5_000; // without the persistence mode the driver is loaded anew for every question, which takes one to three seconds
const OUTPUT_BYTES_MAX = 256 * 1024;
const NO_DEVICES = [6, 9]; // nvidia-smi(1): no such device; the driver is not loaded

/**
 * The door to the machine's GPUs: NVIDIA's own program, twice a reading, at the same time; 25 ms and 20 ms of CPU each where the driver
 * stays loaded. Killed where it hangs. (systeminformation leaves out what is 0, waits without end, and knows no processes.)
 */
export function openGpus(options: { readonly runner: ProgramRunner; readonly command: string; readonly env: Environment }): Gpus {
  const { runner, command, env } = options;
  const ask = (query: string, signal: AbortSignal): ReturnType<ProgramRunner["run"]> =>
    runner.run({
      ...{ argv: [command, query, "--format=csv,noheader,nounits"], cwd: null, env, signal },
      ...{ timeoutMs: TIMEOUT_MS, outputBytesMax: OUTPUT_BYTES_MAX },
    });
  return {
    async read(signal) {
      const missing = whyNoProgram(command, env["PATH"] ?? "");
      if (missing !== null) return failure({ kind: "none", message: missing });
      const [cards, users] = await Promise.all([
        ask(`--query-gpu=${GPU_FIELDS.join(",")}`, signal),
        ask(`--query-compute-apps=${PROCESS_FIELDS.join(",")}`, signal),
      ]);
      const [gpuText, processText] = [textOf(cards), textOf(users)];
      if (!gpuText.ok) return gpuText;
      const gpus = parseGpus(gpuText.value);
      if (gpus === null) return unread(gpuText.value);
      if (gpus.length === 0) return failure({ kind: "none", message: "nvidia-smi finds no GPU" });
      return success({ gpus, processes: processText.ok ? parseProcesses(processText.value) : null });
    },
  };
}

function textOf(ran: Awaited<ReturnType<ProgramRunner["run"]>>): Outcome<string, GpuFailure> {
  if (!ran.ok) return failure({ kind: "failed", message: `nvidia-smi: ${ran.error.message}` });
  const end = ran.value;
  if (end.kind === "killed") return failure({ kind: "slow", message: `nvidia-smi did not answer in ${TIMEOUT_MS / 1000} s` });
  if (end.kind === "signal") return failure({ kind: "failed", message: `nvidia-smi was ended by ${end.signal}` });
  const isNone = NO_DEVICES.includes(end.code) || /^No devices were found/i.test(end.output);
  if (end.code === 0 && !isNone) return success(end.output);
  const said = end.output.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  return failure({ kind: isNone ? "none" : "failed", message: `nvidia-smi exited with ${end.code}${said === "" ? "" : `: ${said}`}` });
}

function unread(text: string): Outcome<never, GpuFailure> {
  const line = text.trim().split("\n")[0]?.slice(0, 200) ?? "";
  return failure({ kind: "failed", message: `nvidia-smi answered what is no table of ours: "${line}"` });
}
