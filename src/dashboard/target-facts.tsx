import { nowMs, targetOf, type Shown } from "./live.ts";
import { Figure, RateBar } from "./parts.tsx";
import { bytesText, clockText, percentText, spanText } from "./words.ts";

export function TargetFacts({ target }: { readonly target: Shown }) {
  const rateOf = (length: "hour" | "day") => {
    const now = targetOf(target.id).value ?? target;
    return { rate: now.success[length], threshold: now.threshold };
  };
  const { success, threshold, memory_bytes: memory, restarts, startedAtMs, last_heal: last, streak, streak_max: max, pid } = target;
  return (
    <section class="tiles" aria-label="Facts">
      <div class="tile">
        <span class="label">Success, 1 h (required {percentText(threshold)})</span>
        <RateBar read={() => rateOf("hour")} />
        <span class="label">Success, 24 h</span>
        <RateBar read={() => rateOf("day")} />
        {success.weighted !== undefined && (
          <span class="label">
            Older tasks counting less (half-life {spanText(success.weighted.half_life_ms)}): <b>{percentText(success.weighted.rate)}</b>
          </span>
        )}
      </div>
      <div class="tile figures">
        {target.kind === "worker" && (
          <>
            <Figure
              label="Up"
              value={startedAtMs === null ? "–" : spanText(nowMs.value - startedAtMs)}
              note={pid === null ? "" : `pid ${pid}`}
            />
            <Figure label="Memory" value={bytesText(memory)} />
            <Figure label="Restarts" value={restarts ?? "n/a"} note={target.restart_causes?.last?.cause} />
          </>
        )}
        <Figure
          label="Last heal"
          value={last === null ? "none" : (last.verdict ?? "under way")}
          note={last === null ? undefined : `${last.action}, ${clockText(new Date(last.wallMs).toISOString())}`}
        />
        <Figure label="Failed heals in a row" value={`${streak} of ${max}`} tone={streak === 0 ? "well" : "sick"} />
      </div>
    </section>
  );
}
