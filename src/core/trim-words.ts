import type { OutsideCopy } from "./copy.ts";
import type { Member, UnitPlan } from "./trim-plan.ts";
import { maskedWords, shellWord } from "./masked-words.ts";
import { plural, stamp } from "./words.ts";

/** "pm_id 3 (pid 4711)", "orphan pid 4242" */
export function sayMember(member: Member): string {
  if (member.kind === "row") return `pm_id ${member.worker.row.pmId} (pid ${member.worker.row.pid})`;
  return `${sayOwner(member.copy.owner)} pid ${member.copy.pid}`;
}

export function sayKeep(keep: number): string {
  return Number.isFinite(keep) ? `at most ${keep} may run` : "any number may run by now";
}

export function sayOwner(owner: OutsideCopy["owner"]): string {
  if (owner === "other_daemon") return "another PM2 daemon's";
  return owner === "orphan" ? "orphan" : "outside copy";
}

/** The list a person sees before it is done and when it is done: a dry run and a real run print the same. */
export function sayPlan(units: readonly UnitPlan[]): string {
  const lines = units.flatMap((unit) => [
    `${unit.script}: ${plural(unit.keeps.length + unit.victims.length, "worker")} where ${unit.keep} may be`,
    ...unit.keeps.map((member) => `  keep ${sayMember(member)}, ${sayStart(member)}`),
    ...unit.victims.map((member) => `  end  ${sayMember(member)}, ${sayStart(member)}: ${commandOf(member)}`),
  ]);
  return lines.join("\n");
}

/** As a time, not an age: two lists of one moment and the next are the same. */
function sayStart(member: Member): string {
  const startedWallMs = member.kind === "copy" ? member.copy.startedWallMs : member.worker.row.startedWallMs;
  return startedWallMs === null ? "not started" : `since ${stamp(startedWallMs)}`;
}

export function commandOf(member: Member): string {
  return member.kind === "copy" ? member.copy.command : member.worker.row.script;
}

/** The command that would bring it back, for the log. Its own environment is not in it. */
export function restoreCommand(member: Member): string {
  if (member.kind === "copy") return member.copy.restore;
  const { name, namespace, script, cwd, interpreter, isNode, mode, args } = member.worker.row;
  const words = [
    ...["pm2", "start", shellWord(script), "--name", shellWord(name), "-f"],
    ...(namespace === "default" ? [] : ["--namespace", shellWord(namespace)]),
    ...(cwd === null ? [] : ["--cwd", shellWord(cwd)]),
    ...(mode === "cluster" ? ["-i", "1"] : isNode ? [] : ["--interpreter", shellWord(interpreter)]),
    ...(args === null || args.length === 0 ? [] : ["--", ...maskedWords(args).map(shellWord)]),
  ];
  return args === null ? `${words.join(" ")} # and its arguments, which are too long for healer` : words.join(" ");
}
