import { expect, test } from "vitest";
import { createApi } from "../../src/api/api.ts";
import type { Duplicate } from "../../src/core/status-duplicates.ts";
import { daemonStatus, FakeControlPlane, targetStatus } from "../support/fake-control-plane.ts";
import { sealedRecord } from "../support/log-records.ts";

async function scrape(plane: FakeControlPlane, before: () => void = () => undefined): Promise<string> {
  const api = createApi(plane, { access: { via: "socket" } });
  before();
  const answer = await api.request("/metrics");
  expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return answer.text();
}

/** Prometheus' text format: comments, or a name with labels and a number. */
const LINE = /^(# (HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(\{([a-z_]+="([^"\\\n]|\\[\\"n])*",?)*\})? (-?\d+(\.\d+)?(e[+-]?\d+)?|NaN|[+-]Inf))$/;

test("every line is in Prometheus' format, whatever the workers are called", async () => {
  const plane = new FakeControlPlane();
  plane.current = daemonStatus({ targets: [targetStatus({ id: 'we"ird\\na\nme:0' })], blind: [] });
  const lines = (await scrape(plane)).trimEnd().split("\n");
  expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
  expect(lines).toContain('healer_circuit_open{app="we\\"ird\\\\na\\nme",worker="we\\"ird\\\\na\\nme:0"} 0');
});

test("the status stands in gauges", async () => {
  const plane = new FakeControlPlane();
  const group = targetStatus({ id: "rpa", kind: "group", incident: "canary", success: { hour: null, day: null } });
  plane.current = daemonStatus({
    targets: [group, targetStatus({ id: "rpa:0", circuit_open: true, phase: "open" })],
    config: { ...daemonStatus().config, rejected: "line 3" },
    blind: [{ sensor: "queue-stats", target: null, reason: "refused", for_ms: 5 }],
    queues: [{ name: "llm", pending: 7, running: 2, completed: null, failed: null, age_ms: 10, totals_only: true, poison_tasks: [] }],
  });
  const text = await scrape(plane);
  for (const line of [
    "healer_mode 1",
    "healer_config_last_reload_successful 0",
    "healer_pm2_up 1",
    'healer_sensor_blind{sensor="queue-stats",target=""} 1',
    'healer_incident_open{app="rpa"} 1',
    'healer_circuit_open{app="rpa",worker="rpa:0"} 1',
    'healer_target_phase{app="rpa",worker="rpa:0",phase="open"} 1',
    'healer_window_tasks{app="rpa",worker="rpa:0",window="1h",outcome="failed"} 19',
    'healer_queue_pending{queue="llm"} 7',
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/healer_success_ratio\{app="rpa",worker="rpa:0",window="1h"\} 0\.91/);
  expect(text, "no finished task is no rate, not a rate of 0").not.toContain('healer_success_ratio{app="rpa",worker=""');
});

test("duplicates are counted by who owns them, over all apps; of whom there is none there are 0", async () => {
  const plane = new FakeControlPlane();
  const duplicate = (owner: Duplicate["owner"], counts = true): Duplicate => ({ owner, pid: 7, command: "x", started_at: "", counts });
  const scraped = async (): Promise<string[]> => (await scrape(plane)).split("\n").filter((line) => line.startsWith("healer_duplicates{"));
  const none = ["pm2", "orphan", "outside", "other_daemon"].map((owner) => `healer_duplicates{owner="${owner}"} 0`);
  expect(await scraped()).toEqual(none);
  plane.current = daemonStatus({
    targets: [
      targetStatus({ id: "rpa", kind: "group", duplicates: [duplicate("pm2"), duplicate("orphan"), duplicate("outside", false)] }),
      targetStatus({ id: "rpa:0" }),
      targetStatus({ id: "mailer", kind: "group", duplicates: [duplicate("orphan")] }),
    ],
  });
  expect(await scraped(), "those that are reported only are counted too").toEqual([
    'healer_duplicates{owner="pm2"} 1',
    'healer_duplicates{owner="orphan"} 2',
    'healer_duplicates{owner="outside"} 1',
    'healer_duplicates{owner="other_daemon"} 0',
  ]);
});

test("heals are counted by action and verdict, holds by guard, times in buckets", async () => {
  const plane = new FakeControlPlane();
  const heal = { heal_id: "20261122-031245-1", app: "rpa" };
  const text = await scrape(plane, () => {
    plane.write(sealedRecord({ event: "heal_intent", ...heal, more: { action: "restart" } }));
    plane.write(sealedRecord({ event: "heal_action", ...heal, more: { ok: true, took_ms: 312 } }));
    plane.write(sealedRecord({ event: "heal_action", ...heal, more: { ok: false, took_ms: null } }));
    const more = { verdict: "recovered", time_to_detect_ms: 40_000, time_to_recover_ms: 220_000 };
    plane.write(sealedRecord({ event: "heal_verdict", ...heal, more }));
    plane.write(sealedRecord({ event: "hold", more: { guard: "grace" } }));
    plane.write(sealedRecord({ event: "hold", more: { guard: "grace" } }));
  });
  for (const line of [
    'healer_heals_total{app="rpa",action="restart",verdict="recovered"} 1',
    'healer_holds_total{guard="grace"} 2',
    'healer_detection_seconds_bucket{le="30"} 0',
    'healer_detection_seconds_bucket{le="60"} 1',
    'healer_detection_seconds_bucket{le="+Inf"} 1',
    "healer_detection_seconds_sum 40",
    "healer_recovery_seconds_count 1",
    'healer_action_seconds_bucket{le="0.25"} 0',
    'healer_action_seconds_bucket{le="0.5"} 1',
    "healer_action_seconds_count 1",
  ])
    expect(text.split("\n")).toContain(line);
});

test("a flood of names stays a bounded answer", async () => {
  const plane = new FakeControlPlane();
  plane.current = daemonStatus({ targets: Array.from({ length: 10_000 }, (_, index) => targetStatus({ id: `app-${index}:0` })) });
  const text = await scrape(plane, () => {
    for (let index = 0; index < 5_000; index += 1) plane.write(sealedRecord({ event: "hold", more: { guard: `guard-${index}` } }));
  });
  expect(text.split("\n").filter((line) => line.startsWith("healer_circuit_open{"))).toHaveLength(2_000);
  expect(text.split("\n").filter((line) => line.startsWith("healer_holds_total{"))).toHaveLength(1_001);
  expect(text).toContain('healer_holds_total{guard="other"} 4000');
});

test("tasks are counted by app and outcome", async () => {
  const plane = new FakeControlPlane();
  plane.taskCounts = [{ app: "rpa", ok: 9, failed: 2 }];
  const lines = (await scrape(plane)).split("\n");
  expect(lines).toContain('healer_tasks_total{app="rpa",outcome="ok"} 9');
  expect(lines).toContain('healer_tasks_total{app="rpa",outcome="failed"} 2');
});

test("of the machine only what it tells has a sample", async () => {
  const plane = new FakeControlPlane();
  expect(await scrape(plane)).not.toMatch(/healer_(host|gpu)_/);
  const unknown = { memory_total_bytes: null, memory_available_bytes: null, disk_total_bytes: null, disk_free_bytes: null, load_1m: null };
  plane.current = daemonStatus({ host: { ...unknown, cores: 4, pressures: [], gpus: [] } });
  const names = (await scrape(plane)).match(/^healer_(host|gpu)_\S+/gm);
  expect(names).toEqual(["healer_host_cores", "healer_host_pressures"]);
});
