import type { Host } from "../../src/worker/host.ts";

export interface SentReport {
  readonly type: string;
  readonly data: { readonly healer: Readonly<Record<string, unknown>> };
}

/** A process as the SDK sees it: run by PM2, with a channel that keeps what is sent and answers each message at once. */
export interface FakeHost extends Host {
  connected: boolean;
  env: Record<string, string>;
  readonly sent: unknown[];
  /** The counts of every message, oldest first. */
  reports(): readonly Readonly<Record<string, unknown>>[];
  /** What PM2's end of the channel does with a message. */
  answer: (callback: (error: Error | null) => void) => void;
}

export function workerHost(env: Record<string, string> = { pm_id: "3", name: "rpa" }): FakeHost {
  const sent: unknown[] = [];
  const host: FakeHost = {
    ...{ env, pid: 4242, connected: true, sent, uptime: () => 12.3456 },
    answer: (callback) => callback(null),
    reports: () => (sent as SentReport[]).map(({ data }) => data.healer),
    send(this: unknown, message: unknown, ...rest: never[]) {
      if (this !== host) throw new Error("process.send was called without its process");
      sent.push(message);
      const callback: unknown = rest.at(-1);
      if (typeof callback === "function") host.answer(callback as (error: Error | null) => void);
      return true;
    },
  };
  return host;
}
