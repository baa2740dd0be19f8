import { useState } from "preact/hooks";
import { CurvesOf } from "./curves.tsx";
import { lines } from "./lines.ts";
import { groups, targetOf } from "./live.ts";
import { LogLines } from "./log.tsx";
import { Mark } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { SHAPES } from "./tone.ts";

const SPANS = { "1 hour": 3_600_000, "24 hours": 86_400_000 } as const;
const HEALS = [
  "heal_intent",
  "heal_action",
  "heal_verdict",
  "would_heal",
  "circuit_open",
  "circuit_closed",
  "incident_open",
  "incident_closed",
  "trim",
];
const SHOWN_MAX = 60;

/** Heals against the curves of what they were for. */
export function Timeline({ about }: { readonly about: string | null }) {
  const [span, setSpan] = useState<keyof typeof SPANS>("1 hour");
  const choices = groups.value.flatMap(({ group, members }) => [group, ...members].map(({ id }) => id));
  const healed = lines.value.findLast(({ event }) => event === "heal_verdict")?.target;
  const id = about ?? (healed !== undefined && choices.includes(healed) ? healed : choices[0]) ?? null;
  const target = id === null ? undefined : targetOf(id).value;
  if (id === null || target === undefined) return <p class="empty">There is no such target now.</p>;
  const found = lines.value.filter((line) => HEALS.includes(line.event) && (line.target === id || line.app === id)).toReversed();
  return (
    <>
      <h1>Timeline</h1>
      <p class="filters">
        <label>
          Target
          <select value={id} onChange={(event) => (location.hash = pathTo("timeline", event.currentTarget.value))}>
            {choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
        <label>
          Span
          <select value={span} onChange={(event) => setSpan(event.currentTarget.value as keyof typeof SPANS)}>
            {Object.keys(SPANS).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span class="hint">
          {SHAPES.work} heal begins · {SHAPES.well} it helped · {SHAPES.sick} it did not, or a warning · {SHAPES.person} a person is needed
          · dashed: the required rate
        </span>
      </p>
      <p>
        <Mark tone={target.tone} /> <a href={pathTo("target", id)}>{id}</a>: {target.state}
      </p>
      <CurvesOf id={id} threshold={target.threshold} spanMs={SPANS[span]} />
      <h2>Heals</h2>
      <LogLines found={found.slice(0, SHOWN_MAX)} />
    </>
  );
}
