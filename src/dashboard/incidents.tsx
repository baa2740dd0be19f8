import { LogLines } from "./log.tsx";
import { lines } from "./lines.ts";
import { all, groups, rest, type Shown } from "./live.ts";
import { OrderButton } from "./order.tsx";
import { Mark } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { spanText } from "./words.ts";

const TOLD = [
  "incident_open",
  "incident_wide",
  "incident_canary",
  "incident_closed",
  "circuit_open",
  "circuit_half_open",
  "circuit_closed",
  "poison_task",
  "dependency_failing",
  "dependency_back",
  "pressure",
  "pressure_over",
  "sensor_blind",
  "sensor_back",
  "duplicate_found",
];
const SUSPECTS: Readonly<Record<string, string>> = {
  deploy: "a deploy: it began soon after the group was restarted",
  upstream: "something upstream that all of them need",
  unknown: "not known",
};
const SHOWN_MAX = 60;

/** What stands open now, and what there was in the last day. */
export function Incidents() {
  const open = all.value.filter((target) => target.incident !== null || target.circuit_open);
  const found = lines.value.filter(({ event }) => TOLD.includes(event)).toReversed();
  const { blind = [], queues = [] } = rest.value ?? {};
  const poison = queues.flatMap(({ name, poison_tasks }) => poison_tasks.map((task) => ({ queue: name, ...task })));
  const copies = all.value.flatMap(({ id, duplicates }) => duplicates.map((copy) => ({ id, ...copy })));
  const isQuiet = open.length + blind.length + poison.length + copies.length === 0;
  return (
    <>
      <h1>Incidents</h1>
      {isQuiet && (
        <p class="verdict well">
          <Mark tone="well" /> Nothing stands open: no incident, no open circuit, no blind sensor, no duplicate.
        </p>
      )}
      <section class="cards" aria-label="Open now">
        {open.map((target) => (
          <OpenCard key={target.id} target={target} />
        ))}
      </section>
      {copies.map(({ id, pid, owner, command }) => (
        <p class="note-line" key={`${id} ${pid}`}>
          <Mark tone="sick" /> <a href={pathTo("target", id)}>{id}</a>: one too many, pid {pid} ({owner.replace("_", " ")}) {command}
        </p>
      ))}
      {poison.map(({ queue, task, workers }) => (
        <p class="note-line" key={`${queue} ${task}`}>
          <Mark tone="sick" /> poison task {task} of queue {queue}: failed on {workers.join(", ")}
        </p>
      ))}
      {blind.map(({ sensor, target, reason, for_ms: forMs }) => (
        <p class="note-line" key={`${sensor} ${target ?? ""}`}>
          <Mark tone="sick" /> {sensor} {target === null ? "" : `for ${target} `}is blind for {spanText(forMs)}: {reason}
        </p>
      ))}
      <h2>The last 24 hours</h2>
      <LogLines found={found.slice(0, SHOWN_MAX)} />
    </>
  );
}

function OpenCard({ target }: { readonly target: Shown }) {
  const { id, incident, incident_suspect: suspect, circuit_open: isOpen, state, streak, streak_max: max } = target;
  const members = incident === null ? [] : (groups.value.find(({ group }) => group.id === id)?.members ?? []);
  return (
    <article class="card person">
      <div class="card-head">
        <h2>
          <Mark tone="person" /> <a href={pathTo("target", id)}>{id}</a>
        </h2>
        {state !== "healthy" && <p class="state">{state}</p>}
      </div>
      {incident !== null && (
        <p>
          Several workers of this group went bad together; phase: <b>{incident}</b>. Suspect: {SUSPECTS[suspect ?? "unknown"] ?? suspect}.
          One canary is healed first; the others wait for what it shows.
        </p>
      )}
      {members.length > 0 && (
        <ul class="members">
          {members.map((member) => (
            <li key={member.id}>
              <Mark tone={member.tone} /> <a href={pathTo("target", member.id)}>{member.id}</a> {member.symptom ?? member.state}
            </li>
          ))}
        </ul>
      )}
      {isOpen && (
        <p>
          {streak} of {max} heals in a row did not help. healer leaves it alone until a person has looked.
        </p>
      )}
      <p class="buttons">
        {isOpen && <OrderButton order="reset" target={id} />}
        <OrderButton order="pause" target={id} />
      </p>
    </article>
  );
}
