import type { StatusRange } from "../core/quantities.ts";
import { getBounded } from "../world/http/get-bounded.ts";
import { saysNothingOfServer } from "../world/http/http-failure.ts";
import { createEyesight, type Sensor } from "./sensor.ts";

const ABORT_AFTER_MS = 1_000;
const BODY_BYTES_MAX = 64 * 1024; // enough to see that an answer comes to its end

export interface DependencyProbeOptions {
  readonly strategy: string;
  readonly url: string;
  /** Milliseconds, as `timeout`. */
  readonly every: number;
  readonly timeout: number;
  readonly expect: readonly StatusRange[];
}

/**
 * Asks what all workers of a strategy need, whether or not any of them runs. What says nothing of the one asked (no such
 * host, healer out of files) makes the sensor blind: a probe that cannot run holds nobody back.
 */
export function createDependencyProbe(options: DependencyProbeOptions): Sensor {
  const { strategy, every, timeout } = options;
  const name = `dependency:${strategy}`;
  const eyesight = createEyesight(name);
  return {
    name,
    everyMs: every,
    timeoutMs: timeout + ABORT_AFTER_MS,
    async read({ now, signal }) {
      const answer = await ask(options, signal);
      const atMs = now();
      if (!answer.ok && saysNothingOfServer(answer.error)) return [eyesight.blind(null, atMs, answer.error.message)];
      const detail = answer.ok ? `HTTP ${answer.value.status}` : answer.error.message;
      return [...eyesight.sees(null, atMs), { kind: "dependency", strategy, atMs, ok: answer.ok, detail }];
    },
  };
}

function ask({ url, timeout, expect }: DependencyProbeOptions, signal: AbortSignal): ReturnType<typeof getBounded> {
  return getBounded(url, {
    timeoutMs: timeout,
    maxBytes: BODY_BYTES_MAX,
    overflow: "cut",
    signal,
    accept: (status) => expect.some(({ from, to }) => status >= from && status <= to),
  });
}
