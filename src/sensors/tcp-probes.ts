import { z } from "zod";
import { failure, success, type Outcome } from "../core/outcome.ts";
import { expandForWorker } from "../core/worker-template.ts";
import { saysNothingOfServer } from "../world/http/http-failure.ts";
import { connectOnce } from "../world/tcp/connect-once.ts";
import { createProbeSensor, type ProbeAnswer, type ProbeRule } from "./probe-rounds.ts";
import type { Sensor, WatchedWorker } from "./sensor.ts";

const AT_ONCE_MAX = 16;
const ABORT_AFTER_MS = 1_000;
const PORT_MAX = 65_535;

const ProbeParams = z.object({ host: z.string(), port: z.string(), every: z.number(), timeout: z.number() });

/** Connects to each worker's port, and hangs up. */
export function createTcpProbeSensor(rule: ProbeRule): Sensor {
  const params = ProbeParams.parse(rule.params);
  return createProbeSensor(rule, {
    everyMs: params.every,
    timeoutMs: params.timeout,
    atOnceMax: AT_ONCE_MAX,
    endsWithinMs: ABORT_AFTER_MS,
    async ask(worker, signal): Promise<ProbeAnswer> {
      const address = expandAddress(params, worker);
      if (!address.ok) return { blind: address.error };
      const connected = await connectOnce({ ...address.value, timeoutMs: params.timeout, signal });
      if (connected.ok) return { ok: true, detail: "connected" };
      if (connected.error.kind === "stopped") return null;
      return saysNothingOfServer(connected.error) ? { blind: connected.error.message } : { ok: false, detail: connected.error.message };
    },
  });
}

function expandAddress(
  params: Pick<z.infer<typeof ProbeParams>, "host" | "port">,
  { row }: WatchedWorker,
): Outcome<{ readonly host: string; readonly port: number }, string> {
  const host = expandForWorker(params.host, row);
  if (!host.ok) return failure(`${host.error}, which its host needs`);
  const port = expandForWorker(params.port, row);
  if (!port.ok) return failure(`${port.error}, which its port needs`);
  const number = /^\d{1,5}$/.test(port.value) ? Number(port.value) : 0;
  if (number < 1 || number > PORT_MAX) return failure("its port, with this worker's values put in, is none from 1 to 65535");
  return success({ host: host.value, port: number });
}
