import { expect, test } from "vitest";
import { besideDaemon, type RunningDaemon } from "../../src/cli/beside-daemon.ts";
import { observedBy, volumesNow } from "../../src/cli/observed-by.ts";
import { loadConfig } from "../../src/config/load.ts";
import { daemonStatus, targetStatus } from "../support/fake-control-plane.ts";

const FILE = `version: 1
mode: heal
queues: {llm: {type: http, url: "http://127.0.0.1:1/api/stats"}}
strategies:
  - {name: rpa, match: {app: rpa-worker}, queue: llm, min_success_rate_percent: 97}
`;

function compiled(text: string) {
  const loaded = loadConfig(text, { file: "new.yaml", env: {} });
  if (!loaded.ok) throw new Error("the test's file is wrong");
  return loaded.value;
}

/** Two workers of the hour: one at 91 %, one idle; the daemon runs the file as it is without the edit. */
function running(): RunningDaemon {
  const targets = [
    targetStatus(),
    targetStatus({ id: "rpa-worker:1", success: { hour: null, day: null } }),
    targetStatus({ id: "other:0" }),
  ];
  const settings = compiled(FILE.replace("97", "80")).settings.map(({ path, shown }) => ({ path, shown, origin: "" }));
  return { status: daemonStatus({ targets }), settings };
}

test("says what an edit would change and whose last hour lies below the new threshold", () => {
  const text = besideDaemon(compiled(FILE), running());
  expect(text).toContain("strategies.rpa.min_success_rate_percent: 80");
  expect(text).toContain("→ 97");
  expect(text).toContain("rpa-worker:0: 91 % (87–94 %, n=212), required 97 %");
  expect(text).not.toContain("other:0");
});

test("says so where an edit changes nothing and nobody is below", () => {
  const text = besideDaemon(compiled(FILE.replace("97", "80")), running());
  expect(text).toContain("nothing that decides would change");
  expect(text).toContain("nobody's last hour lies below its threshold");
});

test("takes the volume from the workers that finished tasks", () => {
  expect(volumesNow(compiled(FILE), running())["rpa"]).toBeCloseTo(212 / 60, 5);
});

test("takes the day of each worker, and the starts of each group, as they were seen", () => {
  const day = { ok: 620, failed: 380, rate: 0.62, low: 0.58, high: 0.66 };
  const boot = { sign: "task" as const, starts: 6, min_ms: 41_000, median_ms: 48_000, max_ms: 55_000 };
  const targets = [
    targetStatus({ success: { hour: null, day } }),
    targetStatus({ id: "rpa-worker", kind: "group", success: { hour: null, day }, boot }),
    targetStatus({ id: "other:0", success: { hour: null, day } }),
  ];
  const { dayRates, boots } = observedBy(compiled(FILE), { ...running(), status: daemonStatus({ targets }) });
  expect(dayRates).toEqual({ rpa: [{ worker: "rpa-worker:0", rate: 0.62, low: 0.58, high: 0.66, n: 1000 }] });
  expect(boots).toEqual({ "rpa-worker": { sign: "task", starts: 6, minMs: 41_000, medianMs: 48_000, maxMs: 55_000 } });
});

test("takes the day of the group where its workers have no figures of their own", () => {
  const day = { ok: 62, failed: 38, rate: 0.62, low: 0.52, high: 0.71 };
  const targets = [
    targetStatus({ success: { hour: null, day: null } }),
    targetStatus({ id: "rpa-worker", kind: "group", success: { hour: null, day } }),
  ];
  const { dayRates } = observedBy(compiled(FILE), { ...running(), status: daemonStatus({ targets }) });
  expect(dayRates?.["rpa"]).toMatchObject([{ worker: "rpa-worker", n: 100 }]);
});

test("a daemon of an older version has measured no starts", () => {
  const { boot: _, ...older } = targetStatus({ id: "rpa-worker", kind: "group" });
  const status = daemonStatus({ targets: [older as ReturnType<typeof targetStatus>] });
  expect(observedBy(compiled(FILE), { ...running(), status }).boots).toEqual({});
});
