import { computed } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import { useInSight } from "./in-sight.ts";
import { count, groups, nowMs, targetOf, type Group, type Shown } from "./live.ts";
import { Mark, Pill, RateBar } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { TONES } from "./tone.ts";
import { bytesText, percentText, plural, spanText } from "./words.ts";

const SHOWN_FIRST = 8;
const ALL_DRAWN_MAX = 250;

/** A group with its workers. In a big fleet only what is on the screen is drawn: then the page's own search finds no more than that. */
export function GroupCard(of: Group) {
  const { place, isInSight } = useInSight();
  const [isOpen, setOpen] = useState(false);
  const isDrawn = isInSight || count.value <= ALL_DRAWN_MAX;
  return (
    <article class={`card ${of.tone}`} ref={place}>
      {isDrawn ? <GroupHead {...of} /> : <h2>{of.group.id}</h2>}
      {isDrawn && <Workers members={of.members} isOpen={isOpen} setOpen={setOpen} />}
    </article>
  );
}

/** The workers of one group, on its own page. */
export function WorkersOf({ id }: { readonly id: string }) {
  const [isOpen, setOpen] = useState(false);
  const found = groups.value.find(({ group }) => group.id === id);
  if (found === undefined) return null;
  return (
    <section class={`card ${found.tone}`} aria-label="Workers">
      <Workers members={found.members} isOpen={isOpen} setOpen={setOpen} />
    </section>
  );
}

/** The worst first; a big group shows the rest when asked. */
function Workers({ members, isOpen, setOpen }: Pick<Group, "members"> & { isOpen: boolean; setOpen: (isOpen: boolean) => void }) {
  const ranked = members.length <= SHOWN_FIRST ? members : members.toSorted((one, other) => rank(one) - rank(other));
  const shown = isOpen ? ranked : ranked.slice(0, SHOWN_FIRST);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Success, 1 h</th>
            <th scope="col" class="wide">
              24 h
            </th>
            <th scope="col" class="number">
              Memory
            </th>
            <th scope="col" class="number wide">
              Restarts
            </th>
            <th scope="col" class="number wide">
              Up
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((member) => (
            <WorkerRow key={member.id} id={member.id} />
          ))}
        </tbody>
      </table>
      {members.length > SHOWN_FIRST && (
        <button class="more" onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show fewer" : `Show all ${plural(members.length, "worker")}`}
        </button>
      )}
    </>
  );
}

function rank(target: Shown): number {
  return TONES.indexOf(target.tone);
}

function GroupHead({ group, members, tone }: Group) {
  const online = members.filter(({ pm2_status: status }) => status === "online").length;
  return (
    <div class="card-head">
      <h2>
        <Mark tone={tone} /> <a href={pathTo("target", group.id)}>{group.id}</a>
      </h2>
      <p class="marks">
        <span>
          {online} of {members.length} online
        </span>
        {group.mode !== "heal" && <Pill tone="rest">{group.mode}</Pill>}
        {group.paused !== null && <Pill tone="rest">paused</Pill>}
        {group.incident !== null && <Pill tone="person">incident: {group.incident}</Pill>}
        {group.duplicates.length > 0 && (
          <Pill tone="sick">{plural(group.duplicates.length, "copy").replace("copys", "copies")} too many</Pill>
        )}
      </p>
      <p class="card-rate">
        <RateBar rate={group.success.hour} threshold={group.threshold} />
        <small>
          24 h {percentText(group.success.day?.rate ?? null)}
          {group.success.weighted !== undefined && `, weighted ${percentText(group.success.weighted.rate)}`}
        </small>
      </p>
      {group.phase !== "healthy" && <p class="state">{group.state}</p>}
    </div>
  );
}

function WorkerRow({ id }: { readonly id: string }) {
  const worker = targetOf(id).value;
  if (worker === undefined) return null;
  const { success, startedAtMs, symptom, state, paused } = worker;
  const words = symptom ?? (paused === null ? state : `paused: ${paused}`);
  const says = words === "healthy" ? null : words;
  return (
    <>
      <tr class={says === null ? "" : "says-more"}>
        <td>
          <Mark tone={worker.tone} /> <a href={pathTo("target", id)}>{id}</a>
        </td>
        <td>
          <RateBar rate={success.hour} threshold={worker.threshold} />
        </td>
        <td class="wide">{percentText(success.day?.rate ?? null)}</td>
        <td class="number">{bytesText(worker.memory_bytes)}</td>
        <td class="number wide">{worker.restarts ?? "n/a"}</td>
        <td class="number wide">
          <Uptime startedAtMs={startedAtMs} />
        </td>
      </tr>
      {says !== null && (
        <tr>
          <td colSpan={6} class="state">
            {says}
          </td>
        </tr>
      )}
    </>
  );
}

/** A text of its own: the clock draws nothing else anew. */
function Uptime({ startedAtMs }: { readonly startedAtMs: number | null }) {
  const text = useMemo(() => computed(() => (startedAtMs === null ? "–" : spanText(nowMs.value - startedAtMs))), [startedAtMs]);
  return <>{text}</>;
}
