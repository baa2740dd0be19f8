import type { Explanation } from "../core/explain.ts";
import { Mark } from "./parts.tsx";
import type { Tone } from "./tone.ts";
import { plural } from "./words.ts";

const STATES: Readonly<Record<string, Tone>> = { fine: "well", unknown: "rest", elevated: "sick", sick: "person" };

export function RuleTable({ rules }: Pick<Explanation, "rules">) {
  return (
    <table class="rules">
      <thead>
        <tr>
          <th scope="col">Rule</th>
          <th scope="col">What it sees</th>
          <th scope="col" class="wide">
            What would change it
          </th>
        </tr>
      </thead>
      <tbody>
        {rules.map(({ rule, state, sustained, text, flip }) => (
          <tr key={rule}>
            <td>
              <Mark tone={STATES[state] ?? "rest"} /> {rule}
              <span class="state">
                {state}
                {state === "sick" && !sustained && ", not for long enough yet"}
              </span>
            </td>
            <td>{text}</td>
            <td class="wide">{flip}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Whoever holds is shown; the others are there for whoever wants to be sure. */
export function GuardTable({ guards }: Pick<Explanation, "guards">) {
  const holding = guards.filter(({ holds }) => holds);
  const passing = guards.filter(({ holds }) => !holds);
  return (
    <>
      {holding.length > 0 && (
        <table class="rules">
          <thead>
            <tr>
              <th scope="col">Guard that would hold</th>
              <th scope="col">Why</th>
              <th scope="col" class="wide">
                Lets go
              </th>
            </tr>
          </thead>
          <tbody>
            {holding.map(({ guard, reason, flip }) => (
              <tr key={guard}>
                <td>
                  <Mark tone="sick" /> {guard}
                </td>
                <td>{reason}</td>
                <td class="wide">{flip}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <details>
        <summary>{plural(passing.length, "guard")} would let a heal pass</summary>
        <ul class="guards">
          {passing.map(({ guard, reason }) => (
            <li key={guard}>
              <b>{guard}</b> {reason}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
