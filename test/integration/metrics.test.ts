import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { createApi } from "../../src/api/api.ts";
import { servePort, type ServedPort } from "../../src/api/serve.ts";
import { TOKENS } from "../support/attacked-port.ts";
import { fullPlane } from "../support/full-plane.ts";
import { createPrometheus, hasPrometheus, type RealPrometheus } from "../support/real-prometheus.ts";
import { until } from "../support/until.ts";
import { openStage } from "./stage.ts";

// What /metrics says, as Prometheus' own tools and a real server take it, and what the dashboard and the alerts ask of it.

const GRAFANA = join(import.meta.dirname, "../../docs/grafana");
const WORK_MS = 500;
const SERIES_MAX = 200; // of three targets, one queue, one GPU

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const dashboard = JSON.parse(readFileSync(join(GRAFANA, "healer.json"), "utf8")) as Dashboard;
const alerts = parse(readFileSync(join(GRAFANA, "alerts.yaml"), "utf8")) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
};
const QUERIES = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));
const ALERTS = alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr] as const));
/** What Grafana would put in: everything chosen, and a range of some scrapes. */
const VALUES = { $app: ".*", $job: "workers", $__rate_interval: "1m" };

const filled = (expr: string): string => Object.entries(VALUES).reduce((text, [name, value]) => text.replaceAll(name, value), expr);

describe.runIf(hasPrometheus)("the metrics", () => {
  const { plane, work } = fullPlane();
  let dir = "";
  let served: ServedPort;
  let prometheus: RealPrometheus;
  let working: NodeJS.Timeout;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "h-"));
    const api = createApi(plane, { access: { via: "port", tokens: TOKENS, host: "127.0.0.1" } });
    const listening = await servePort(api, { host: "127.0.0.1", port: 0 });
    if (!listening.ok) throw new Error(listening.error);
    served = listening.value;
    work();
    working = setInterval(work, WORK_MS);
    prometheus = await createPrometheus(dir, `http://127.0.0.1:${served.port}`);
    await prometheus.start();
  });
  afterAll(async () => {
    clearInterval(working);
    await prometheus?.stop();
    await served?.close();
    if (dir !== "") rmSync(dir, { recursive: true, force: true });
  });

  const scrape = async (): Promise<string> => (await fetch(`http://127.0.0.1:${served.port}/metrics`)).text();

  /** The values of the series found; NaN is none. */
  async function ask(expr: string): Promise<readonly number[]> {
    const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(filled(expr))}`);
    const { status, data, error } = (await answer.json()) as {
      status: string;
      data: { result: { value: [number, string] }[] };
      error?: string;
    };
    expect(status, `${expr}: ${error}`).toBe("success");
    return data.result.map(({ value }) => Number(value[1])).filter((value) => !Number.isNaN(value));
  }

  test("leave promtool nothing to say", async () => {
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: await scrape(), encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("count upwards only, and have few series", async () => {
    const counted = (text: string): Map<string, number> => {
      const kinds = new Map([...text.matchAll(/^# TYPE (\S+) (counter|histogram)$/gm)].map((match) => [match[1] ?? "", match[2]]));
      const lines = text.split("\n").filter((line) => kinds.has(/^\w+?(?=(_bucket|_sum|_count)?[{ ])/.exec(line)?.[0] ?? ""));
      return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
    };
    const before = counted(await scrape());
    work();
    const after = counted(await scrape());
    expect([...before.keys()]).toEqual(
      expect.arrayContaining(['healer_tasks_total{app="rpa",outcome="ok"}', "healer_action_seconds_count"]),
    );
    for (const [series, value] of before) expect(after.get(series), series).toBeGreaterThanOrEqual(value);
    expect(after.get("healer_action_seconds_count")).toBeGreaterThan(before.get("healer_action_seconds_count") ?? 0);
    expect((await scrape()).split("\n").filter((line) => line !== "" && !line.startsWith("#")).length).toBeLessThan(SERIES_MAX);
  });

  test("are scraped by a real Prometheus without a complaint", async () => {
    await until(async () => (await ask("up == 1")).length === 1, "a scrape");
    const { data } = (await (await fetch(`${prometheus.url}/api/v1/targets`)).json()) as {
      data: { activeTargets: { lastError: string }[] };
    };
    expect(data.activeTargets.map(({ lastError }) => lastError)).toEqual([""]);
    const exported = [...(await scrape()).matchAll(/^# TYPE (\S+) (gauge|counter)$/gm)].map((match) => match[1] ?? "");
    expect(exported.length).toBeGreaterThan(30);
    for (const name of exported) expect(await ask(name), name).not.toEqual([]);
  });

  test.each(QUERIES)("answer the dashboard's panel %s: %s", async (_title, expr) => {
    await until(async () => (await ask(expr)).length > 0, `data for ${expr}`, 30_000);
  });

  test.each(ALERTS)("answer the alert %s: %s", async (_alert, expr) => {
    await ask(expr);
    const exported = await scrape();
    for (const [name] of expr.matchAll(/healer_\w+/g)) expect(exported, name).toContain(`# TYPE ${name} `);
  });

  test("make the dashboard's variables", async () => {
    for (const { definition } of dashboard.templating.list) {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition ?? "label_values(up, job)") ?? [];
      const answer = await fetch(`${prometheus.url}/api/v1/label/${label}/values?match[]=${metric}`);
      expect(((await answer.json()) as { data: string[] }).data).not.toEqual([]);
    }
  });

  test("have alert rules that promtool takes", () => {
    expect(execFileSync("promtool", ["check", "rules", join(GRAFANA, "alerts.yaml")], { encoding: "utf8" })).toContain(
      `SUCCESS: ${ALERTS.length} rules found`,
    );
  });
});

test.runIf(hasPrometheus)("a real healer counts what its workers report, and promtool has nothing to say of it either", async () => {
  const workers = { script: "idle.mjs", instances: 2 };
  const stage = await openStage([{ app: "shop", workers, strategy: { rules: ["success-rate"] } }], { top: { api: { port: 0 } } });
  onTestFinished(() => stage.dispose());
  const { url } = (await stage.healer.call("GET", "/api/status")).json as { readonly url: string };
  const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  for (const worker of ["shop:0", "shop:1"]) {
    const report = () => stage.healer.call("POST", "/api/outcomes", { worker, ok: 3, failed: 1 });
    await until(async () => (await report()).status === 200, `${worker} to be known`);
  }
  await until(async () => (await metrics()).includes('healer_tasks_total{app="shop",outcome="ok"} 6\n'), "the tasks of both");
  expect(await metrics()).toContain('healer_tasks_total{app="shop",outcome="failed"} 2\n');
  const checked = spawnSync("promtool", ["check", "metrics"], { input: await metrics(), encoding: "utf8" });
  expect(checked).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("the dashboard can be imported: a title, an id, panels of one source that is chosen there, and no two in one place", () => {
  expect(dashboard).toMatchObject({ title: "healer", uid: "pm2-healer", schemaVersion: 38 });
  expect(dashboard.templating.list.map(({ name }) => name)).toEqual(["datasource", "job", "app"]);
  const shown = dashboard.panels.filter(({ type }) => type !== "row");
  for (const { title, targets = [] } of shown) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (const { datasource } of targets) expect(datasource.uid).toBe("${datasource}");
  }
  const places = dashboard.panels.map((panel) => JSON.stringify((panel as Panel & { gridPos: object }).gridPos));
  expect(new Set(places).size).toBe(places.length);
});
