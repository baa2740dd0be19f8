import type { Host } from "./host.ts";

const GUARDED = Symbol.for("pm2-healer/worker: process.send is guarded");

/**
 * PM2's daemon reads `message.type` of whatever a worker sends, so that `process.send(null)` in one worker ends the daemon
 * and with it every other. From now on that is an error where it is made. Wraps once, and everything else goes through.
 */
export function guardSend(host: Host): void {
  const { send } = host;
  if (send === undefined || GUARDED in send) return;
  const guarded = function (this: unknown, message: unknown, ...rest: never[]): unknown {
    const reason = whyDeadly(message);
    if (reason !== null) throw new TypeError(`process.send(${reason} would end PM2's daemon and every worker of it; nothing was sent`);
    return send.call(this, message, ...rest);
  };
  try {
    host.send = Object.assign(guarded, { [GUARDED]: true });
  } catch {
    // `process` is frozen: then it stays as it is
  }
}

/** What arrives there as `null`, or with a type that is neither text nor a list (measured with PM2 7.0); null = harmless. */
function whyDeadly(message: unknown): string | null {
  if (message === null || message === undefined) return `${String(message)})`;
  if (typeof message === "number" && !Number.isFinite(message)) return `${message})`; // JSON has no word for it but null
  if (typeof message !== "object") return null;
  if (message instanceof Date && Number.isNaN(message.getTime())) return "an invalid date)";
  if (!("type" in message && "data" in message) || !message.data) return null;
  const { type } = message;
  return typeof type === "object" && type !== null && !Array.isArray(type) ? "{type: {…}, data}), whose type is no text," : null;
}
