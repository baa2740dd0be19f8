import type { MaintenanceWindow } from "../../src/core/maintenance.ts";

/** A maintenance window of the wall clock, open in each of the spans; counts how often it was asked. */
export function wallWindow(label: string, ...spans: readonly (readonly [fromWallMs: number, untilWallMs: number])[]): WallWindow {
  const window: WallWindow = {
    asked: 0,
    label,
    openAt(wallMs) {
      window.asked++;
      const span = spans.find(([from, until]) => wallMs >= from && wallMs < until);
      return span === undefined ? null : { untilWallMs: span[1], until: new Date(span[1]).toISOString() };
    },
  };
  return window;
}

interface WallWindow extends MaintenanceWindow {
  asked: number;
}
