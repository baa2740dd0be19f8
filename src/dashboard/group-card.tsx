import { useComputed, useSignal, type ReadonlySignal, type Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useInSight } from "./in-sight.ts";
import { count, groupOf, type Shown } from "./live.ts";
import { Mark, Pill, RateBar } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { sameWhile } from "./signals.ts";
import { TONES } from "./tone.ts";
import { percentText, plural } from "./words.ts";
import { WorkerRow } from "./worker-row.tsx";

const SHOWN_FIRST = 8;
const ALL_DRAWN_MAX = 250;

/** A group with its workers. In a big fleet only what is on the screen is drawn: then the page's own search finds no more than that. */
export function GroupCard({ id }: { readonly id: string }) {
  const { place, isInSight } = useInSight<HTMLElement>(false);
  const look = useLook(id);
  const isDrawn = useComputed(() => isInSight.value || count.value <= ALL_DRAWN_MAX);
  const isOpen = useSignal(false);
  return (
    <article class={look} ref={place}>
      {isDrawn.value ? <GroupHead id={id} /> : <h2>{id}</h2>}
      {isDrawn.value && <Workers id={id} isOpen={isOpen} />}
    </article>
  );
}

/** The workers of one group, on its own page. */
export function WorkersOf({ id }: { readonly id: string }) {
  const look = useLook(id);
  const isOpen = useSignal(false);
  return (
    <section class={look} aria-label="Workers">
      <Workers id={id} isOpen={isOpen} />
    </section>
  );
}

function useLook(id: string): ReadonlySignal<string> {
  return useComputed(() => `card ${groupOf(id)?.tone ?? ""}`);
}

/** The worst first; a big group shows the rest when asked. */
function Workers({ id, isOpen }: { readonly id: string; readonly isOpen: Signal<boolean> }) {
  const ids = useMemo(() => sameWhile(() => ranked(groupOf(id)?.members ?? []).map((member) => member.id)), [id]);
  const size = ids.value.length;
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
          {(isOpen.value ? ids.value : ids.value.slice(0, SHOWN_FIRST)).map((worker) => (
            <WorkerRow key={worker} id={worker} />
          ))}
        </tbody>
      </table>
      {size > SHOWN_FIRST && (
        <button class="more" onClick={() => (isOpen.value = !isOpen.value)}>
          {isOpen.value ? "Show fewer" : `Show all ${plural(size, "worker")}`}
        </button>
      )}
    </>
  );
}

function ranked(members: readonly Shown[]): readonly Shown[] {
  if (members.length <= SHOWN_FIRST) return members;
  return members.toSorted((one, other) => TONES.indexOf(one.tone) - TONES.indexOf(other.tone));
}

function GroupHead({ id }: { readonly id: string }) {
  const tone = useComputed(() => groupOf(id)?.tone ?? "rest").value;
  const online = useComputed(() => onlineText(groupOf(id)?.members ?? []));
  const means = useComputed(() => meansText(groupOf(id)?.group));
  const state = useComputed(() => (groupOf(id)?.group.phase === "healthy" ? null : groupOf(id)?.group.state)).value;
  return (
    <div class="card-head">
      <h2>
        <Mark tone={tone} /> <a href={pathTo("target", id)}>{id}</a>
      </h2>
      <p class="marks">
        <span>{online}</span>
        <GroupPills id={id} />
      </p>
      <p class="card-rate">
        <RateBar read={() => hourOf(id)} />
        <small>{means}</small>
      </p>
      {state != null && <p class="state">{state}</p>}
    </div>
  );
}

/** What is out of the ordinary. */
function GroupPills({ id }: { readonly id: string }) {
  const mode = useComputed(() => groupOf(id)?.group.mode ?? "heal").value;
  const isPaused = useComputed(() => (groupOf(id)?.group.paused ?? null) !== null).value;
  const incident = useComputed(() => groupOf(id)?.group.incident ?? null).value;
  const copies = useComputed(() => groupOf(id)?.group.duplicates.length ?? 0).value;
  return (
    <>
      {mode !== "heal" && <Pill tone="rest">{mode}</Pill>}
      {isPaused && <Pill tone="rest">paused</Pill>}
      {incident !== null && <Pill tone="person">incident: {incident}</Pill>}
      {copies > 0 && <Pill tone="sick">{copies === 1 ? "1 copy" : `${copies} copies`} too many</Pill>}
    </>
  );
}

function onlineText(members: readonly Shown[]): string {
  return `${members.filter(({ pm2_status: status }) => status === "online").length} of ${members.length} online`;
}

function meansText(group: Shown | undefined): string {
  const { day, weighted } = group?.success ?? {};
  return `24 h ${percentText(day?.rate ?? null)}${weighted === undefined ? "" : `, weighted ${percentText(weighted.rate)}`}`;
}

function hourOf(id: string) {
  const group = groupOf(id)?.group;
  return { rate: group?.success.hour ?? null, threshold: group?.threshold ?? 0 };
}
