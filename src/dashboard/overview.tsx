import { GroupCard } from "./group-card.tsx";
import { lines } from "./lines.ts";
import { all, groupIds, groups, rest } from "./live.ts";
import { Machine } from "./machine.tsx";
import { Figure, Mark } from "./parts.tsx";
import { pathTo } from "./route.ts";
import { clockText, countText, percentText, plural } from "./words.ts";

const DAY_MS = 86_400_000;
const RECORDS_TOLD_MAX = 1_000; // by healer, when the page is opened

/** One look says whether the fleet is well, what healer did, and why. */
export function Overview() {
  return (
    <>
      <h1 class="sr">Overview</h1>
      <Verdict />
      <section class="tiles" aria-label="In figures">
        <Figures />
        <Queues />
        <Machine />
      </section>
      <section class="cards" aria-label="Groups">
        {groupIds.value.map((id) => (
          <GroupCard key={id} id={id} />
        ))}
      </section>
      {groupIds.value.length === 0 && (
        <p class="empty">No running PM2 app is selected by the configuration. See: healer check, or healer init.</p>
      )}
    </>
  );
}

function Verdict() {
  const reasons = rest.value?.needs_person ?? [];
  const sick = all.value.filter((target) => ["sick", "work"].includes(target.tone));
  if (reasons.length > 0) {
    return (
      <section class="verdict person" aria-label="Verdict">
        <h2>
          <Mark tone="person" /> A person is needed
        </h2>
        <ul>
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      </section>
    );
  }
  const tone = sick.length > 0 ? "work" : "well";
  return (
    <section class={`verdict ${tone}`} aria-label="Verdict">
      <h2>
        <Mark tone={tone} /> {sick.length > 0 ? `healer has an eye on ${plural(sick.length, "target")}` : "All is well"}
      </h2>
      {sick.slice(0, 6).map((target) => (
        <p key={target.id}>
          <a href={pathTo("target", target.id)}>{target.id}</a>: {target.symptom ?? target.state}
        </p>
      ))}
    </section>
  );
}

function Figures() {
  const workers = all.value.filter(({ kind }) => kind === "worker");
  const online = workers.filter(({ pm2_status: status }) => status === "online").length;
  const [ok, failed] = (["ok", "failed"] as const).map((which) =>
    groups.value.reduce((sum, { group }) => sum + (group.success.hour?.[which] ?? 0), 0),
  ) as [number, number];
  const since = new Date(Date.now() - DAY_MS).toISOString();
  const verdicts = lines.value.filter(({ event, ts }) => event === "heal_verdict" && ts >= since);
  const [oldest] = lines.value;
  const isCut = lines.value.length >= RECORDS_TOLD_MAX && oldest !== undefined && oldest.ts > since;
  const helped = verdicts.filter(({ verdict }) => verdict === "recovered").length;
  return (
    <div class="tile figures">
      <Figure label="Workers online" value={`${online} of ${workers.length}`} note={plural(groups.value.length, "group")} />
      <Figure label="Success, 1 h" value={percentText(ok + failed === 0 ? null : ok / (ok + failed))} note={plural(ok + failed, "task")} />
      <Figure
        label={isCut ? `Heals since ${clockText(oldest.ts)}` : "Heals, 24 h"}
        value={verdicts.length}
        note={verdicts.length === 0 ? "none was needed" : `${helped} helped`}
      />
    </div>
  );
}

function Queues() {
  return (
    <>
      {(rest.value?.queues ?? []).map((queue) => {
        const { completed, failed, pending, running } = queue;
        const finished = completed === null || failed === null ? null : completed + failed;
        const total = finished === null || pending === null || running === null ? null : finished + pending + running;
        const success = finished === null || finished === 0 || completed === null ? null : completed / finished;
        return (
          <div class="tile queue" key={queue.name}>
            <h3>
              Queue {queue.name} <small>{percentText(success)} succeeded</small>
            </h3>
            <dl>
              {Object.entries({ total, pending, running, completed, failed }).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{countText(value)}</dd>
                </div>
              ))}
            </dl>
          </div>
        );
      })}
    </>
  );
}
