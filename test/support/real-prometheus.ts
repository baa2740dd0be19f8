import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { deadUrl } from "./http-server.ts";
import { ownServer } from "./own-server.ts";

export const hasPrometheus = spawnSync("prometheus", ["--version"]).status === 0;

/** A Prometheus of the test's own: it scrapes one server every second, keeps its data in `dir`, and listens on a free loopback port. */
export interface RealPrometheus {
  readonly url: string;
  /** On the same port with the same data, and ready. */
  start(): Promise<void>;
  /** Ended by its pid, and waited for. */
  stop(): Promise<void>;
}

export async function createPrometheus(dir: string, scraped: string): Promise<RealPrometheus> {
  const url = await deadUrl();
  const config = join(dir, "prometheus.yml");
  const job = { job_name: "workers", static_configs: [{ targets: [new URL(scraped).host] }] };
  writeFileSync(config, stringify({ global: { scrape_interval: "1s", scrape_timeout: "1s" }, scrape_configs: [job] }));
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(dir, "data")}`, `--web.listen-address=${new URL(url).host}`];
  return { url, ...ownServer("prometheus", [...args, "--log.level=error"], () => isReady(url)) };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
