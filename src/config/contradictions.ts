import type { Knobs } from "../core/strategy.ts";
import type { ConfigPath } from "./config-error.ts";

/** Knobs that are fine alone and wrong together. `path` is relative to the strategy. */
export function contradictions(knobs: Knobs): readonly { readonly path: ConfigPath; readonly message: string }[] {
  const found: { path: ConfigPath; message: string }[] = [];
  if (knobs.effectSizePercent >= knobs.minSuccessRatePercent) {
    const message = `expected less than min_success_rate_percent (${knobs.minSuccessRatePercent}): a rate cannot fall below 0`;
    found.push({ path: ["advanced", "effect_size_percent"], message });
  }
  if (knobs.backoff.maxMs < knobs.backoff.baseMs) {
    found.push({ path: ["advanced", "backoff", "max"], message: "expected at least advanced.backoff.base" });
  }
  if (knobs.circuit.maxMs < knobs.circuit.coolDownMs) {
    found.push({ path: ["advanced", "circuit", "max"], message: "expected at least advanced.circuit.cool_down" });
  }
  if (knobs.verify.timeoutMs <= knobs.gracePeriodMs) {
    const message = "expected more than grace_period_seconds: a verdict is only given after it";
    found.push({ path: ["advanced", "verify", "timeout_seconds"], message });
  }
  return found;
}
