import { useEffect, useState } from "preact/hooks";
import type { Explanation } from "../core/explain.ts";
import { ask, targetPath } from "./calls.ts";
import { CurvesOf } from "./curves.tsx";
import { GuardTable, RuleTable } from "./explain-tables.tsx";
import { WorkersOf } from "./group-card.tsx";
import { lines } from "./lines.ts";
import { rest, targetOf } from "./live.ts";
import { LogLines } from "./log.tsx";
import { OrderButton } from "./order.tsx";
import { Mark, Pill } from "./parts.tsx";

import { pathTo } from "./route.ts";
import { TargetFacts } from "./target-facts.tsx";
import type { Tone } from "./tone.ts";

const LINES_SHOWN = 25;
const DECISIONS: Readonly<Record<Explanation["decision"], readonly [words: string, tone: Tone]>> = {
  heal: ["It will be healed", "work"],
  hold: ["It is not healed", "sick"],
  none: ["Nothing to heal", "well"],
  busy: ["A heal is under way", "work"],
};

/** One target: how it is, why it is or is not healed, and what would change that. */
export function TargetPage({ id }: { readonly id: string }) {
  const target = targetOf(id).value;
  const explained = useExplanation(id);
  if (target === undefined) return <Unknown id={id} said={typeof explained === "string" ? explained : null} />;
  const group = target.kind === "worker" ? id.slice(0, id.lastIndexOf(":")) : null;
  return (
    <>
      <div class="target-head">
        <h1>
          <Mark tone={target.tone} /> {id}
        </h1>
        <p class="marks">
          {group !== null && <a href={pathTo("target", group)}>group {group}</a>}
          <Pill tone="rest">strategy {target.strategy}</Pill>
          <Pill tone={target.mode === "heal" ? "well" : "sick"}>{target.mode}</Pill>
          {target.paused !== null && <Pill tone="rest">paused: {target.paused}</Pill>}
        </p>
        <p class="buttons">
          <OrderButton order="heal" target={id} />
          {target.paused === null ? <OrderButton order="pause" target={id} /> : <OrderButton order="resume" target={id} />}
          {target.circuit_open && <OrderButton order="reset" target={id} />}
        </p>
      </div>
      <TargetFacts target={target} />
      {target.kind === "group" && <WorkersOf id={id} />}
      {explained !== null && typeof explained !== "string" && <Explained explanation={explained} />}
      <CurvesOf id={id} threshold={target.threshold} spanMs={3_600_000} />
      <h2>What happened</h2>
      <LogLines
        found={lines.value
          .filter((line) => line.target === id || line.app === id)
          .toReversed()
          .slice(0, LINES_SHOWN)}
      />
    </>
  );
}

/** Asked anew with each turn that is seen. */
function useExplanation(id: string): Explanation | string | null {
  const [explained, setExplained] = useState<Explanation | string | null>(null);
  const turn = rest.value?.last_turn_at;
  useEffect(() => {
    let isOver = false;
    void ask<{ readonly explain: Explanation }>(targetPath(id)).then((answer) => {
      if (!isOver) setExplained(answer.ok ? answer.value.explain : answer.error);
    });
    return () => void (isOver = true);
  }, [id, turn]);
  return explained;
}

function Unknown({ id, said }: { readonly id: string; readonly said: string | null }) {
  return (
    <>
      <h1>{id}</h1>
      <p class="empty">{said ?? "healer watches no such target now."}</p>
      <LogLines
        found={lines.value
          .filter((line) => line.target === id)
          .toReversed()
          .slice(0, LINES_SHOWN)}
      />
    </>
  );
}

function Explained({ explanation }: { readonly explanation: Explanation }) {
  const { decision, reason, flip, state, incident, duplicates, rules, guards } = explanation;
  const [words, tone] = DECISIONS[decision];
  return (
    <section class="explain" aria-label="Why">
      <div class={`verdict ${tone}`}>
        <h2>
          <Mark tone={tone} /> {words}
        </h2>
        <p>{reason}</p>
        {flip !== "" && (
          <p>
            <b>What would change that:</b> {flip}
          </p>
        )}
        {state !== reason && <p class="hint">State: {state}</p>}
        {incident !== null && <p>{incident}</p>}
        {duplicates.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <RuleTable rules={rules} />
      <GuardTable guards={guards} />
    </section>
  );
}
