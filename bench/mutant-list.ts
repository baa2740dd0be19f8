/** A fault seeded into a copy of the source: in each of `edits` the text `from` of `file` becomes `to`. */
export interface Mutant {
  readonly name: string;
  /** The invariant or guard it takes away. */
  readonly breaks: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** Each world is run twice: only a difference between two runs shows it. */
  readonly twice?: true;
}

const one = (breaks: string, name: string, file: string, [from, to]: readonly [string, string]): Mutant => ({
  name,
  breaks,
  edits: [{ file, from, to }],
});

const unasked = (guard: string, ask: string): Mutant =>
  one(`guard ${guard}`, `${guard} is not asked`, "core/guards.ts", [
    `{ name: "${guard}", ask: ${ask} }`,
    `{ name: "${guard}", ask: () => null }`,
  ]);

const GUARDS: readonly Mutant[] = [
  unasked("pm2", "askPm2"),
  unasked("paused", "askPaused"),
  unasked("maintenance", "askMaintenance"),
  unasked("status", "askStatus"),
  unasked("circuit", "askCircuit"),
  unasked("in-flight", "askInFlight"),
  unasked("grace", "askGrace"),
  unasked("backoff", "askBackoff"),
  unasked("dependency", "askDependency"),
  unasked("incident", "askIncident"),
  unasked("unavailable", "askUnavailable"),
  unasked("drain", "askDrain"),
  unasked("budget", "askBudget"),
  unasked("observe", "askObserve"),
  unasked("shadow", "askShadow"),
  unasked("journal", "askJournal"),
  {
    name: "healer and PM2's modules are workers like any other",
    breaks: "guard self, I9",
    edits: [
      {
        file: "core/census.ts",
        from: "return row.isModule || (row.pid !== null && state.self.pids.includes(row.pid));",
        to: "return row.pid === -state.nowMs;",
      },
      { file: "core/guards.ts", from: '{ name: "self", ask: askSelf }', to: '{ name: "self", ask: () => null }' },
    ],
  },
];

const INVARIANTS: readonly Mutant[] = [
  one("I1", "a heal whose verdict is awaited does not count as one", "core/control.ts", [' || phase.name === "verifying"', ""]),
  one("I3", "the grace period is over at once", "core/guards.ts", [
    "if (state.nowMs >= untilMs) return null;\n  if (",
    "if (state.nowMs >= 0) return null;\n  if (",
  ]),
  one("I4", "a heal costs no token", "core/budget.ts", ["state.globals.tokens - 1)", "state.globals.tokens)"]),
  one("I4", "the bucket is full again after each start", "core/persist.ts", [
    "tokens: Math.min(state.policy.budget.tokens, saved.globals.tokens) };",
    "tokens: state.policy.budget.tokens };",
  ]),
  one("I4", "a worker that flaps is never noticed", "core/flapping.ts", [
    "if (within(HOUR_MS) >= maxHealsPerHour)",
    "if (within(HOUR_MS) >= 1000)",
  ]),
  one("I5", "an open circuit does not wait for its cool-down", "core/tick.ts", [
    "if (nowMs < phase.untilMs || isPaused",
    "if (nowMs < 0 || isPaused",
  ]),
  one("I6", "a record counts as written before it is on the platter", "record/journal.ts", [
    "return written.ok ? file.sync() : written;",
    "return written;",
  ]),
  one("I6", "the name of a new journal file is not made durable", "record/journal.ts", [
    "const durable = appended.ok ? this.#files.syncDir(this.#dir) : appended;",
    "const durable = appended;",
  ]),
  one("I7", "an intent found after a restart is carried out again", "core/recovery.ts", [
    'giveUp(turn, target, phase.heal, "healer was restarted before it was done, and nothing has changed since");',
    '{ target.recoveringSinceMs = null; withControl(target, { phase: { name: "intent", heal: phase.heal, step: phase.step, sinceMs: turn.state.nowMs } }); journal(turn, target, { kind: "step", healId: phase.heal.id, ack: true, note: null }); }',
  ]),
  one("I8", "an outcome is not written down", "core/heal-end.ts", ['kind: "outcome",', 'kind: "control",']),
  one("I8", "what was begun before a restart is forgotten", "core/persist.ts", [
    'if (phase.name === "intent" || phase.name === "acting") target.recoveringSinceMs',
    'if (phase.name === "held") target.recoveringSinceMs',
  ]),
  one("I10", "a trim goes one too far", "core/trim-plan.ts", [
    "const keeps = inOrder.slice(0, keep);\n  const victims = inOrder.slice(keep)",
    "const keeps = inOrder.slice(0, keep);\n  const victims = inOrder.slice(keep - 1)",
  ]),
  one("I10", "the newest rows are trimmed first", "core/trim-plan.ts", [
    "|| -byPreference(one, other, nowMs);",
    "|| byPreference(one, other, nowMs);",
  ]),
  one("I11", "the canary does not make the others wait", "core/incident.ts", [
    'incident.phase = "canary";',
    'incident.phase = "generalise";',
  ]),
  one("I12", "a heal that came to nothing is forgiven", "core/heal-end.ts", [
    'if (verdict === "recovered") withControl(target, { failedHeals: 0',
    'if (verdict !== "failed") withControl(target, { failedHeals: 0',
  ]),
  one("I13", "the wall clock is taken for time", "core/step.ts", [
    "state.nowMs = Math.max(state.nowMs, event.atMs);",
    "state.nowMs = event.wallMs;",
  ]),
  {
    ...one("I14", "jitter is drawn by chance", "core/chance.ts", ["return (hash >>> 0) / 0x1_0000_0000;", "return Math.random();"]),
    twice: true,
  },
  one("I16", "evidence outlives the heal it led to", "core/target.ts", [
    "if (rule !== undefined) forgetEvidence(ruleState, rule, target.epoch);",
    "if (rule === undefined) forgetEvidence(ruleState, strategy.rules[0]!, target.epoch);",
  ]),
  one("I16", "evidence from before a heal comes back with an old snapshot", "core/persist.ts", [
    'if (isFromBeforeTheLastHeal(saved, target.control)) startEpoch(state, target, strategy, "other");',
    "",
  ]),
  one("I17", "what was stopped is not started", "core/tick.ts", [
    "if (isDue) startHeldRow(turn, target, strategy, phase.heal);",
    "if (!isDue) startHeldRow(turn, target, strategy, phase.heal);",
  ]),
  one("I17", "a stop carried out late is taken for an operator's", "core/late-stop.ts", [
    "if (late === null || row === null) return false;",
    "if (late !== null || row === null) return false;",
  ]),
  one("I17", "a success rate is never proven", "core/rate-evidence.ts", [
    "export function rateProof(evidence: RateEvidence, context: RateContext): RateProof | null {\n",
    "export function rateProof(evidence: RateEvidence, context: RateContext): RateProof | null {\n  if (context.nowMs > 0) return null;\n",
  ]),
  one("I18", "an intent that could not be written is carried out", "core/durable.ts", [
    'doNothing(turn, target, phase, "the intent could not be made durable; nothing was done");',
    "if (target.row !== null) execute(turn, target, { phase, row: target.row, ends: [] });",
  ]),
  one("R1", "the old one goes before the new one is up", "core/replace-plan.ts", [
    "ONLINE_BEFORE_REMOVAL_MS = 10_000",
    "ONLINE_BEFORE_REMOVAL_MS = 0",
  ]),
];

/** At least one for each guard, and for each invariant of decision-core §4.4 that a change of the source can break. */
export const MUTANTS: readonly Mutant[] = [...GUARDS, ...INVARIANTS];
