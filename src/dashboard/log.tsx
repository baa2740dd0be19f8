import { useState } from "preact/hooks";
import { ask } from "./calls.ts";
import { EvidencePage, type Evidence } from "./evidence.tsx";
import { lines, type LogLine } from "./lines.ts";
import { Mark } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { toneOfLine } from "./tone.ts";
import { clockText, eventText, plural } from "./words.ts";

const SHOWN_MAX = 300;
const HEALS = ["heal_intent", "heal_action", "heal_verdict", "would_heal", "trim"];
const PEOPLE = [
  "circuit_open",
  "circuit_half_open",
  "circuit_closed",
  "incident_open",
  "incident_wide",
  "incident_canary",
  "incident_closed",
  "escalate",
  "alert",
];
const KINDS: Readonly<Record<string, (line: LogLine) => boolean>> = {
  everything: () => true,
  "heals and trims": ({ event }) => HEALS.includes(event),
  "circuits, incidents, alerts": ({ event }) => PEOPLE.includes(event),
  "warnings and errors": ({ level }) => level !== "info",
};

export function Log({ about }: { readonly about: string | null }) {
  const [kind, setKind] = useState("everything");
  const [text, setText] = useState(about ?? "");
  const words = text
    .toLowerCase()
    .split(" ")
    .filter((word) => word !== "");
  const found = lines.value
    .filter((line) => KINDS[kind]?.(line) === true && words.every((word) => saysOf(line).includes(word)))
    .toReversed();
  return (
    <>
      <h1>Heal log</h1>
      <p class="filters">
        <label>
          Show
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {Object.keys(KINDS).map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          With the words
          <input
            type="search"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            placeholder="target, event, heal id …"
          />
        </label>
        <span class="hint">
          {plural(found.length, "line")} of the last 24 h, as far as healer has run
          {found.length > SHOWN_MAX && `, the newest ${SHOWN_MAX} shown`}
        </span>
      </p>
      <LogLines found={found.slice(0, SHOWN_MAX)} />
    </>
  );
}

function saysOf({ event, target, reason, heal_id: healId, strategy, level }: LogLine): string {
  return `${event} ${target} ${reason} ${healId ?? ""} ${strategy ?? ""} ${level}`.toLowerCase();
}

/** The newest first. */
export function LogLines({ found }: { readonly found: readonly LogLine[] }) {
  if (found.length === 0) return <p class="empty">No such line.</p>;
  return (
    <ol class="log">
      {found.map((line) => (
        <Line key={`${line.ts} ${line.event} ${line.target} ${line.reason}`} line={line} />
      ))}
    </ol>
  );
}

function Line({ line }: { readonly line: LogLine }) {
  const [isOpen, setOpen] = useState(false);
  const { ts, event, target, reason, heal_id: healId } = line;
  return (
    <li class={toneOfLine(line)}>
      <time dateTime={ts} title={ts}>
        {clockText(ts)}
      </time>
      <span class="event">
        <Mark tone={toneOfLine(line)} /> {eventText(event)}
      </span>
      <span class="about">{target === "healer" ? "healer" : <a href={pathTo("target", target)}>{target}</a>}</span>
      <span class="reason">{reason}</span>
      <button
        class="link"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        aria-label={`${isOpen ? "less" : "more"} about ${eventText(event)} of ${target}`}
      >
        {isOpen ? "less" : "more"}
      </button>
      {isOpen && <Details line={line} healId={healId ?? null} />}
    </li>
  );
}

function Details({ line, healId }: { readonly line: LogLine; readonly healId: string | null }) {
  const [evidence, setEvidence] = useState<readonly Evidence[] | string | null>(null);
  const look = async (id: string): Promise<void> => {
    const answer = await ask<{ readonly evidence: readonly Evidence[] }>(`api/evidence/${encodeURIComponent(id)}`);
    setEvidence(answer.ok ? answer.value.evidence : answer.error);
  };
  return (
    <div class="details">
      <dl>
        {Object.entries(line)
          .filter(([name, value]) => value !== null && !["reason", "level", "v"].includes(name))
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
      </dl>
      {healId !== null && evidence === null && <button onClick={() => void look(healId)}>Evidence before the restart</button>}
      {typeof evidence === "string" && <p class="hint">{evidence}</p>}
      {evidence !== null && typeof evidence !== "string" && <EvidencePage entries={evidence} />}
    </div>
  );
}
