import { useEffect, useState } from "preact/hooks";
import type { ShownConfig } from "../daemon/status.ts";
import { ask } from "./calls.ts";
import { rest } from "./live.ts";
import { Mark } from "./parts.tsx";
import { clockText } from "./words.ts";

/** The configuration in force as resolved, each value with where it comes from, and what deserves a second look. */
export function Configuration() {
  const config = rest.value?.config;
  const [shown, setShown] = useState<ShownConfig | string | null>(null);
  const [text, setText] = useState("");
  const hash = config?.hash;
  useEffect(() => {
    void ask<ShownConfig>("api/config").then((answer) => setShown(answer.ok ? answer.value : answer.error));
  }, [hash]);
  return (
    <>
      <h1>Configuration</h1>
      <p>
        {config?.file}, hash <code>{hash}</code>, in force since {config === undefined ? "" : clockText(config.loaded_at)}
      </p>
      {config?.rejected != null && (
        <p class="verdict person">
          <Mark tone="person" /> The newest edit was refused: {config.rejected}
        </p>
      )}
      {typeof shown === "string" && <p class="verdict person">{shown}</p>}
      {shown !== null && typeof shown !== "string" && <Resolved shown={shown} text={text} setText={setText} />}
    </>
  );
}

function Resolved(of: { readonly shown: ShownConfig; readonly text: string; readonly setText: (text: string) => void }) {
  const { shown, text, setText } = of;
  const found = shown.settings.filter(({ path, shown: value }) => `${path} ${value}`.toLowerCase().includes(text.toLowerCase()));
  return (
    <>
      {shown.warnings.map(({ line, path, message, note }) => (
        <p class="note-line" key={`${line} ${path} ${message}`}>
          <Mark tone={note ? "rest" : "sick"} /> line {line}, <code>{path}</code>: {message}
        </p>
      ))}
      <p class="filters">
        <label>
          With the words
          <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} placeholder="grace_period, llm …" />
        </label>
      </p>
      <table class="settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ path, shown: value, origin }) => (
            <tr key={path} class={origin === "built-in" ? "built-in" : ""}>
              <td>
                <code>{path}</code>
              </td>
              <td>
                <code>{value}</code>
              </td>
              <td>{origin}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
