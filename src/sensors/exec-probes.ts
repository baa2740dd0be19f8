import { z } from "zod";
import { masked } from "../core/masked-words.ts";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { spokenDuration } from "../core/quantities.ts";
import { expandWordForWorker } from "../core/worker-template.ts";
import { printableText } from "../world/processes/printable-text.ts";
import { whyNoProgram } from "../world/programs/find-program.ts";
import { programEnvironment, type Environment } from "../world/programs/program-environment.ts";
import { createProgramRunner, RUN_ENDS_WITHIN_MS, type ProgramEnd } from "../world/programs/program-runner.ts";
import { createProbeSensor, type ProbeAnswer, type ProbeRule } from "./probe-rounds.ts";
import type { Sensor, WatchedWorker } from "./sensor.ts";

const AT_ONCE_MAX = 4; // a program may cost as much as a worker does
const ABORT_AFTER_MS = 1_000;
const OUTPUT_BYTES_MAX = 4 * 1024;
const OUTPUT_SHOWN = 200;
/** What a shell, `env`, `timeout` and their like say when the program they were given cannot be executed, or is not there. */
const NOT_EXECUTED: readonly number[] = [126, 127];

const ProbeParams = z.object({
  argv: z.array(z.string()).min(1),
  every: z.number(),
  timeout: z.number(),
  exit_codes: z.array(z.number()),
});

type Params = z.infer<typeof ProbeParams>;

/**
 * Runs a program for each worker, in the worker's directory, and believes its exit code. What keeps it from running, or from
 * coming to an end of its own, says nothing of the worker; that the program is there is looked at before each reading.
 */
export function createExecProbeSensor(rule: ProbeRule, env: Environment = programEnvironment()): Sensor {
  const params = ProbeParams.parse(rule.params);
  const runner = createProgramRunner();
  const [program = ""] = params.argv;
  return createProbeSensor(rule, {
    everyMs: params.every,
    timeoutMs: params.timeout,
    atOnceMax: AT_ONCE_MAX,
    endsWithinMs: RUN_ENDS_WITHIN_MS + ABORT_AFTER_MS,
    whyBlind: () => (program.includes("{") ? null : whyNoProgram(program, env["PATH"] ?? "")),
    async ask(worker, signal) {
      const argv = expandArgv(params.argv, worker);
      if (!argv.ok) return { blind: argv.error };
      const about = { argv: argv.value, cwd: worker.row.cwd, env: { ...env, ...factsOf(worker) }, signal };
      const end = await runner.run({ ...about, timeoutMs: params.timeout, outputBytesMax: OUTPUT_BYTES_MAX });
      if (end.ok) return answerOf(end.value, params);
      return end.error.kind === "stopped" ? null : { blind: end.error.message };
    },
  });
}

function expandArgv(words: readonly string[], { row }: WatchedWorker): Outcome<readonly string[], string> {
  const argv: string[] = [];
  for (const word of words) {
    const expanded = expandWordForWorker(word, row);
    if (!expanded.ok) return failure(`${expanded.error}, which its argv needs`);
    argv.push(expanded.value);
  }
  return success(argv);
}

/** Who the program is asked about. */
function factsOf({ id, row }: WatchedWorker): Environment {
  return {
    HEALER_WORKER: id,
    HEALER_NAME: row.name,
    HEALER_INSTANCE: row.instance,
    HEALER_PM_ID: String(row.pmId),
    HEALER_PID: String(row.pid ?? ""),
  };
}

function answerOf(end: ProgramEnd, { exit_codes: goodCodes, timeout }: Params): ProbeAnswer {
  const said = sayOutput(end.output);
  switch (end.kind) {
    case "killed":
      return { ok: false, detail: `killed after ${spokenDuration(timeout)}${said}` };
    case "signal":
      return { blind: `its program was ended by ${end.signal}${said}` };
    case "exit": {
      const ok = goodCodes.includes(end.code);
      if (!ok && NOT_EXECUTED.includes(end.code)) return { blind: `exit ${end.code}, which says that a program could not be run${said}` };
      return { ok, detail: `exit ${end.code}${said}` };
    }
    default:
      return end satisfies never;
  }
}

/** One line: a check says what is wrong in its first, a stack trace in its last. */
function sayOutput(output: string): string {
  const lines = output.split(/\r?\n/).filter((line) => line.trim() !== "");
  const [first, last] = [lines.at(0)?.trim() ?? "", lines.at(-1)?.trim() ?? ""];
  const words = printableText(masked(lines.length > 1 ? `${first} … ${last}` : first), OUTPUT_SHOWN);
  return words === "" ? "" : `: ${words}`;
}
