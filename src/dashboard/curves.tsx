import { useEffect, useRef, useState } from "preact/hooks";
import type { Curve } from "../daemon/status.ts";
import { ask } from "./calls.ts";
import { lines } from "./lines.ts";
import { rest } from "./live.ts";

const POLL_MS = 10_000; // as often as healer notes a point
const SHOWN = ["heal_intent", "heal_verdict", "would_heal", "circuit_open", "incident_open", "external_restart", "worker_exit"];

/** Success rate and memory of a target over time, with what happened to it. The drawing is loaded when it is needed. */
export function CurvesOf({ id, threshold, spanMs }: { readonly id: string; readonly threshold: number; readonly spanMs: number }) {
  const curve = useCurve(id, spanMs);
  const box = useRef<HTMLDivElement>(null);
  const happened = lines.value.filter((line) => SHOWN.includes(line.event) && (line.target === id || line.app === id));
  useEffect(() => {
    const { current } = box;
    if (current === null || curve === null || typeof curve === "string" || curve.at.length < 2) return;
    let drawn: { destroy(): void } | null = null;
    let isOver = false;
    void import("./chart.ts").then(({ drawCurves }) => {
      if (!isOver) drawn = drawCurves(current, { curve, threshold, spanMs, happened });
    });
    return () => {
      isOver = true;
      drawn?.destroy();
    };
  }, [curve, threshold, spanMs, happened.length]);
  if (curve === null || typeof curve === "string") return <p class="empty">{curve ?? "Asking for its curve …"}</p>;
  if (curve.at.length < 2) return <p class="empty">healer has watched it for too short a time to draw a curve.</p>;
  return <div class="curves" ref={box} role="img" aria-label={`Success rate and memory of ${id}, with ${happened.length} events`} />;
}

function useCurve(id: string, spanMs: number): Curve | string | null {
  const [curve, setCurve] = useState<Curve | string | null>(null);
  const slot = Math.floor(Date.parse(rest.value?.last_turn_at ?? "1970-01-01") / POLL_MS);
  useEffect(() => {
    let isOver = false;
    const path = `api/history?target=${encodeURIComponent(id)}&since=${Date.now() - spanMs}`;
    void ask<Curve>(path).then((answer) => {
      if (!isOver) setCurve(answer.ok ? answer.value : answer.error);
    });
    return () => void (isOver = true);
  }, [id, spanMs, slot]);
  return curve;
}
