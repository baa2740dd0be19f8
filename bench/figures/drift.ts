import { incrementsOf } from "../../src/core/cusum.ts";
import { COLORS, drawPage, type Point } from "./svg.ts";

/** What one task at a true rate tells a test on average, beside the most that any test can learn from it (the KL divergence). */
export function drawDrift(): string {
  const rates = Array.from({ length: 66 }, (_, index) => index / 100);
  const curve = (speak: (rate: number) => number): Point[] => rates.map((rate) => ({ x: 100 * rate, y: speak(rate) }));
  const drift = (deltaPercent: number) => {
    const { ok, failed } = incrementsOf(70, deltaPercent);
    return (rate: number): number => rate * ok + (1 - rate) * failed;
  };
  return drawPage({
    title: "How much one task proves",
    subtitle: "Log-likelihood ratio a task against a required rate of 70 %, by the worker's true rate",
    panels: [
      {
        title: "",
        x: { label: "true success rate (%)", scale: "linear", from: 0, to: 66 },
        y: { label: "proof a task", scale: "linear", from: 0, to: 1.3 },
        series: [
          {
            name: "optimum (KL divergence)",
            color: COLORS.grey,
            kind: "line",
            dashed: true,
            points: curve((rate) => divergence(rate, 0.7)),
          },
          { name: "CUSUM against 50 %", color: COLORS.orange, kind: "line", points: curve(drift(20)) },
          { name: "CUSUM against 25 %", color: COLORS.blue, kind: "line", points: curve(drift(45)) },
        ],
      },
    ],
    notes: ["Closed form, from the increments of src/core/cusum.ts."],
    panelWidth: 620,
    panelHeight: 340,
  });
}

function divergence(rate: number, theta: number): number {
  const part = (share: number, other: number): number => (share === 0 ? 0 : share * Math.log(share / other));
  return part(rate, theta) + part(1 - rate, 1 - theta);
}
