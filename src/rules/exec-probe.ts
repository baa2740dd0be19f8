import { z } from "zod";
import { adviseTimes, sameForAll } from "./probe-advice.ts";
import { exitCodes, probePace, startup, workerArgv } from "./probe-params.ts";
import type { ProbePace } from "./probe-ring.ts";
import { defineProbe } from "./probe-rule.ts";
import { shownCommand } from "./probe-subject.ts";
import type { RuleAdvice, Scene } from "./rule.ts";

/** As `sensors/exec-probes` reads them too: durations in ms. */
interface ExecProbeParams extends ProbePace {
  readonly argv: readonly string[];
  readonly exit_codes: readonly number[];
}

/** Too many of the last runs of a program said that a worker is ill. One that could not be started has said nothing. */
export const execProbe = defineProbe<ExecProbeParams>({
  name: "exec-probe",
  summary: "too many of the last runs of argv were bad: another exit code than 0, or not over in time",
  params: z.strictObject({
    argv: workerArgv(),
    ...probePace({ every: "30s", timeout: "5s" }),
    exit_codes: exitCodes().prefault(0),
    startup: startup(),
  }),
  secrets: ["argv"],
  subject: ({ argv }, row) => shownCommand(argv, row),
  ends: { soonest: "failed at once", latest: "killed after" },
  advise: (params, { groups }) => [...sameCommand(params, groups), ...adviseTimes(params)],
});

/** No mistake: the program may read its environment, or look at the working directory. */
function sameCommand({ argv }: ExecProbeParams, groups: Scene["groups"]): readonly RuleAdvice[] {
  const same = sameForAll(argv, groups);
  if (same === null) return [];
  const message = `the same command for all ${same.count} workers of ${same.group}: it tells them apart only if it reads HEALER_INSTANCE or HEALER_PM_ID, or has {instance} in it`;
  return [{ key: "argv", message, write: null, isNote: true }];
}
