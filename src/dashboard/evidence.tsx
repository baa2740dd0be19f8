import type { Evidence } from "../record/evidence.ts";
import { clockText, vitalsText } from "./words.ts";

export type { Evidence };

/** What was seen of each worker right before healer ended it. */
export function EvidencePage({ entries }: { readonly entries: readonly Evidence[] }) {
  return (
    <div class="evidence">
      {entries.map((entry) => (
        <section key={entry.target + entry.at} aria-label={`Evidence of ${entry.target}`}>
          <h3>
            {entry.target}{" "}
            <small>
              seen {clockText(entry.at)}, in {entry.took_ms} ms
            </small>
          </h3>
          <p>{entry.why}</p>
          {entry.vitals != null && <p>{vitalsText(entry.vitals)}</p>}
          {entry.logs.map((log) => (
            <details key={log.path} open={log.lines.length > 0}>
              <summary>{log.path}</summary>
              <pre>{log.lines.join("\n")}</pre>
            </details>
          ))}
          {entry.tree.length > 0 && (
            <details>
              <summary>Process tree</summary>
              <pre>{entry.tree.map(({ pid, command }) => `${pid} ${command}`).join("\n")}</pre>
            </details>
          )}
          <details>
            <summary>Process, worker's own report, PM2's row</summary>
            <pre>{JSON.stringify({ process: entry.process, report: entry.report, row: entry.row }, null, 2)}</pre>
          </details>
        </section>
      ))}
    </div>
  );
}
