import { expect, test } from "vitest";
import { besideDaemon, type RunningDaemon } from "../../src/cli/beside-daemon.ts";
import { volumesNow } from "../../src/cli/observed-by.ts";
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
  const settings = compiled(FILE.replace("97", "80")).settings.map(({ path, shown }) => ({ path, shown }));
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
