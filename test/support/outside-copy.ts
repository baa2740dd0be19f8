import type { OutsideCopy } from "../../src/core/copy.ts";
import type { CopiesSeen } from "../../src/core/observation.ts";
import { ORIGIN } from "../../src/simulate/strays.ts";
import type { ScriptedPm2 } from "./scripted-pm2.ts";

/** An orphan of `app`; only what a test is about needs to be said. */
export function outsideCopy(change: Partial<OutsideCopy> = {}): OutsideCopy {
  return {
    group: "app",
    script: "/srv/app.js",
    owner: "orphan",
    pid: 5_000,
    startTicks: 5_000,
    startedWallMs: 0,
    instance: null,
    command: "node /srv/app.js",
    commandHash: "0123456789abcdef",
    untouchable: null,
    restore: "cd /srv && node /srv/app.js",
    origin: ORIGIN,
    ...change,
  };
}

/** What the list and the sensor show now. `copies` null = nobody looks. */
export function seenNow(
  pm2: ScriptedPm2,
  copies: readonly OutsideCopy[] | null,
  atMs: number,
): { readonly pm2: ReturnType<ScriptedPm2["view"]>; readonly copies: CopiesSeen | null } {
  const rows = [...pm2.rows.values()].flatMap(({ pid }) => (pid === null ? [] : [{ pid, origin: ORIGIN }]));
  return { pm2: pm2.view(), copies: copies === null ? null : { atMs, copies: [...copies], rows } };
}
