import { resolveMaxUnavailable } from "../core/strategy.ts";
import type { WorkerRow } from "../core/worker-row.ts";
import type { Remark } from "./advice.ts";
import type { CompiledStrategy } from "./compile-strategies.ts";

/** What is only wrong beside the apps that PM2 runs now. */
export function runningRemarks(strategy: CompiledStrategy, groups: ReadonlyMap<string, readonly WorkerRow[]>): readonly Remark[] {
  if (groups.size === 0) return [{ path: [...strategy.path, "match"], message: "matches no app that PM2 knows now" }];
  const rows = [...groups.values()].flat();
  return [...reloadRemarks(strategy, rows), ...replaceRemarks(strategy, rows), ...wholeGroupRemarks(strategy, groups)];
}

function reloadRemarks({ actions, path }: CompiledStrategy, rows: readonly WorkerRow[]): readonly Remark[] {
  const forked = rows.find(({ mode }) => mode === "fork");
  if (!actions.includes("reload") || forked === undefined) return [];
  const others = actions.filter((action) => action !== "reload");
  const fails = actions[0] === "reload" ? ", so its first heal fails" : "";
  return [
    {
      path: [...path, "actions"],
      message: `reload replaces cluster workers; ${forked.name} runs in fork mode${fails}`,
      write: `actions: [${(others.length === 0 ? ["restart"] : others).join(", ")}]`,
    },
  ];
}

/** No mistake of a worker of a queue, and nobody but its operator knows whether it is one. */
function replaceRemarks({ actions, path }: CompiledStrategy, rows: readonly WorkerRow[]): readonly Remark[] {
  const forked = rows.find(({ mode }) => mode === "fork");
  if (!actions.includes("replace") || forked === undefined) return [];
  const message = `replace lets a copy of ${forked.name} run beside the old one for 10 s: it must be able to share its port; workers of a queue can, servers in fork mode cannot`;
  return [{ path: [...path, "actions"], message, isNote: true }];
}

/** 100 % is seen in the file alone. */
function wholeGroupRemarks({ knobs, path }: CompiledStrategy, groups: ReadonlyMap<string, readonly WorkerRow[]>): readonly Remark[] {
  const { maxUnavailable } = knobs;
  if ("percent" in maxUnavailable) return [];
  const whole = [...groups].find(([, rows]) => rows.length > 1 && resolveMaxUnavailable(maxUnavailable, rows.length) >= rows.length);
  if (whole === undefined) return [];
  const [group, rows] = whole;
  const message = `${maxUnavailable.count} allows all ${rows.length} workers of ${group} to be down at once`;
  return [{ path: [...path, "max_unavailable"], message, write: "max_unavailable: 1" }];
}
