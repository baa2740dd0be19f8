import { useComputed } from "@preact/signals";
import { useInSight } from "./in-sight.ts";
import { nowMs, targetOf, type Shown } from "./live.ts";
import { Mark, RateBar } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { useWhile } from "./signals.ts";
import { bytesText, percentText, spanText } from "./words.ts";

/** Drawn once; then only the figures that change, and none while nobody sees them. */
export function WorkerRow({ id }: { readonly id: string }) {
  const { place, isInSight } = useInSight<HTMLTableRowElement>(true);
  const worker = useWhile(isInSight, () => targetOf(id).value);
  const tone = useComputed(() => worker.value?.tone ?? "rest").value;
  const says = useComputed(() => saysOf(worker.value)).value;
  const day = useComputed(() => percentText(worker.value?.success.day?.rate ?? null));
  const memory = useComputed(() => bytesText(worker.value?.memory_bytes ?? null));
  const restarts = useComputed(() => worker.value?.restarts ?? "n/a");
  const up = useWhile(isInSight, () => upText(targetOf(id).value?.startedAtMs ?? null));
  return (
    <>
      <tr class={says === null ? "" : "says-more"} ref={place}>
        <td>
          <Mark tone={tone} /> <a href={pathTo("target", id)}>{id}</a>
        </td>
        <td>
          <RateBar read={() => ({ rate: worker.value?.success.hour ?? null, threshold: worker.value?.threshold ?? 0 })} />
        </td>
        <td class="wide">{day}</td>
        <td class="number">{memory}</td>
        <td class="number wide">{restarts}</td>
        <td class="number wide">{up}</td>
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

function saysOf(worker: Shown | undefined): string | null {
  if (worker === undefined) return null;
  const words = worker.symptom ?? (worker.paused === null ? worker.state : `paused: ${worker.paused}`);
  return words === "healthy" ? null : words;
}

function upText(startedAtMs: number | null): string {
  return startedAtMs === null ? "–" : spanText(nowMs.value - startedAtMs);
}
