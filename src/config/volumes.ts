import type { CompiledStrategy } from "./compile-strategies.ts";
import type { Observed } from "./observed.ts";

export interface Volume {
  readonly title: string;
  readonly tasksPerMinute: number;
}

const ASSUMED_VOLUMES: readonly Volume[] = [
  { title: "1/min", tasksPerMinute: 1 },
  { title: "10/min", tasksPerMinute: 10 },
  { title: "1/s", tasksPerMinute: 60 },
];

/** Tasks a minute of one worker as observed; three assumed volumes where nobody knows. */
export function volumesFor(strategy: CompiledStrategy, { volumes }: Observed): readonly Volume[] {
  const observed = volumes?.[strategy.name];
  if (observed === undefined || observed <= 0) return ASSUMED_VOLUMES;
  return [{ title: `${Number(observed.toPrecision(2))}/min now`, tasksPerMinute: observed }];
}
