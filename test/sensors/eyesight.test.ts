import { expect, test } from "vitest";
import { createEyesight } from "../../src/sensors/sensor.ts";

test("the first look is sight, so that a blindness of the sensor's predecessor ends; then sight only follows blindness", () => {
  const eyesight = createEyesight("queue:llm");
  const sight = { kind: "sight", sensor: "queue:llm", target: null, atMs: 1 };
  expect(eyesight.sees(null, 1)).toEqual([sight]);
  expect(eyesight.sees(null, 2)).toEqual([]);
  expect(eyesight.blind(null, 3, "why")).toEqual({ kind: "blind", sensor: "queue:llm", target: null, atMs: 3, reason: "why" });
  expect(eyesight.sees(null, 4)).toEqual([{ ...sight, atMs: 4 }]);
});

test("targets are seen one by one, and blindness for one that is gone is over", () => {
  const eyesight = createEyesight("probe");
  eyesight.sees("a", 1);
  eyesight.blind("b", 1, "why");
  eyesight.blind(null, 1, "why");
  expect(eyesight.looksOnlyAt(new Set(["a"]), 2)).toEqual([{ kind: "sight", sensor: "probe", target: "b", atMs: 2 }]);
  expect(eyesight.looksOnlyAt(new Set(), 3)).toEqual([]);
});
