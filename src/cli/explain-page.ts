import type { ExplainedGuard, ExplainedRule, Explanation } from "../core/explain.ts";
import { clock, inWords } from "../core/words.ts";
import { restartsText } from "./restarts-text.ts";
import { agoText } from "./status-words.ts";
import { paint, plain, type Style, type Terminal } from "./terminal.ts";
import { padTo, widthOf, wrap } from "./text-layout.ts";

type Screen = Pick<Terminal, "columns" | "colour">;

const DECISIONS: Readonly<Record<Explanation["decision"], { readonly word: string; readonly style: Style }>> = {
  heal: { word: "HEAL", style: "yellow" },
  hold: { word: "HOLD", style: "cyan" },
  busy: { word: "BUSY", style: "yellow" },
  none: { word: "NOTHING TO DO", style: "green" },
};

/** A rule's mark and word: a symptom is a cross, no evidence a question. */
const RULE_STATES: Readonly<Record<string, { readonly mark: string; readonly word: string; readonly style: Style }>> = {
  fine: { mark: "✓", word: "fine", style: "green" },
  unknown: { mark: "?", word: "no evidence yet", style: "dim" },
  elevated: { mark: "!", word: "suspicious, not proven", style: "yellow" },
  sick: { mark: "✗", word: "symptom", style: "red" },
};

/** The answer to "why is it (not) healed?": the decision first, then each rule and each guard with what would change it. */
export function explainPage(explanation: Explanation, screen: Screen, nowWallMs: number): string {
  const { target, kind, strategy, mode, decision, reason } = explanation;
  const { word, style } = DECISIONS[decision];
  const holding = explanation.guards.filter(({ holds }) => holds).length;
  return [
    paint(screen, "bold", plain(`${target} (${kind} of strategy ${strategy}, mode ${mode})`)),
    ...labelled("state", explanation.state, screen, null),
    ...labelled("decision", `${word}: ${reason}`, screen, style),
    ...labelled("next", explanation.flip, screen, "bold"),
    ...(explanation.incident === null ? [] : labelled("incident", explanation.incident, screen, "yellow")),
    ...labelled("streak", streakText(explanation), screen, null),
    ...pastLines(explanation, screen, nowWallMs),
    ...duplicateLines(explanation.duplicates, screen),
    "",
    paint(screen, "bold", "RULES (one symptom is enough)"),
    ...(explanation.rules.length === 0 ? ["  none judges this target"] : rulesLines(explanation.rules, screen)),
    "",
    paint(screen, "bold", `GUARDS (each must let pass; ${holding === 0 ? "all do" : `${holding} of ${explanation.guards.length} hold`})`),
    ...guardLines(explanation.guards, screen, nowWallMs),
  ].join("\n");
}

function pastLines({ last_heal: last, restart_causes }: Explanation, screen: Screen, nowWallMs: number): readonly string[] {
  const heal =
    last === null
      ? "none yet"
      : `${last.id}: ${last.action} for ${last.rule}, ${last.verdict ?? "no verdict yet"}, ${agoText(nowWallMs - last.wallMs)}`;
  const restarts = restartsText(restart_causes);
  return [...labelled("last heal", heal, screen, null), ...(restarts === null ? [] : labelled("restarts", restarts, screen, null))];
}

function streakText({ decision, streak }: Explanation): string {
  const { failed, threshold, next_action: next } = streak;
  const helped =
    failed === 0 ? `no failed heal (${threshold} in a row open the circuit)` : `${failed} of ${threshold} heals in a row did not help`;
  return decision === "busy" ? helped : `${helped}; next action: ${next}`;
}

/** Each worker too many in a paragraph of its own: who it is, and who started it. */
function duplicateLines(duplicates: readonly string[], screen: Screen): readonly string[] {
  if (duplicates.length === 0) return [];
  const paragraphs = duplicates.flatMap((text) => wrap(plain(text), screen.columns, "  ! ", "    "));
  return ["", paint(screen, "bold", "DUPLICATES"), ...paragraphs];
}

const LABEL_WIDTH = 12;

function labelled(label: string, text: string, screen: Screen, style: Style | null): readonly string[] {
  const lines = wrap(plain(text), screen.columns, padTo(`  ${label}`, LABEL_WIDTH), " ".repeat(LABEL_WIDTH));
  return lines.map((line) => paint(screen, style, line));
}

const WORST_FIRST = ["sick", "elevated", "fine", "unknown"];

/** The worst first; those that nobody judges now on one line, as there is nothing to say of each. */
function rulesLines(rules: readonly ExplainedRule[], screen: Screen): readonly string[] {
  const judged = rules.filter(({ flip }) => flip !== "");
  const resting = rules.filter(({ flip }) => flip === "");
  const names = `${resting[0]?.text ?? ""}: ${resting.map(({ rule }) => rule).join(", ")}`;
  return [
    ...judged
      .toSorted((one, other) => WORST_FIRST.indexOf(one.state) - WORST_FIRST.indexOf(other.state))
      .flatMap((rule) => ruleLines(rule, screen)),
    ...(resting.length === 0 ? [] : wrap(plain(names), screen.columns, "  ? ", "    ").map((line) => paint(screen, "dim", line))),
  ];
}

function ruleLines(rule: ExplainedRule, screen: Screen): readonly string[] {
  const { mark, word, style } = RULE_STATES[rule.state] ?? { mark: "?", word: rule.state, style: "dim" as const };
  const stands = rule.stands_ms === null ? "" : ` for ${inWords(rule.stands_ms)}`;
  const brief = `${word}${stands}${rule.state === "sick" && !rule.sustained ? ", not sustained yet" : ""}`;
  return [
    paint(screen, style, `  ${mark} ${plain(rule.rule)}: ${brief}`),
    ...(rule.text === "" ? [] : wrap(plain(rule.text), screen.columns, "      ")),
    ...(rule.flip === "" ? [] : wrap(plain(rule.flip), screen.columns, "      → ", "        ")),
  ];
}

function untilText(flip: string, until: string | null, nowWallMs: number): string {
  if (until === null) return `until: ${flip}`;
  return `until ${clock(Date.parse(until), nowWallMs)}${flip.startsWith("healer ") ? `, or by hand: ${flip}` : `: ${flip}`}`;
}

/** Those that let pass on one line: they are only of interest as a list. */
function guardLines(guards: readonly ExplainedGuard[], screen: Screen, nowWallMs: number): readonly string[] {
  const width = Math.max(0, ...guards.map(({ guard }) => widthOf(guard)));
  const holding = guards
    .filter(({ holds }) => holds)
    .flatMap(({ guard, reason, flip, until }) => {
      const first = `  ✗ ${padTo(guard, width)}  `;
      const rest = " ".repeat(widthOf(first));
      return [
        ...wrap(plain(reason), screen.columns, first, rest).map((line) => paint(screen, "yellow", line)),
        ...(flip === "" ? [] : wrap(plain(untilText(flip, until, nowWallMs)), screen.columns, `${rest}→ `, `${rest}  `)),
      ];
    });
  const passing = guards.filter(({ holds }) => !holds).map(({ guard }) => guard);
  return [...holding, ...(passing.length === 0 ? [] : wrap(`let pass: ${passing.join(", ")}`, screen.columns, "  ✓ ", "    "))];
}
