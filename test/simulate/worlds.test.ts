import { describe, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import type * as DrawWorld from "../../src/simulate/draw-world.ts";
import type * as RunWorld from "../../src/simulate/run-world.ts";
import type * as Shrink from "../../src/simulate/shrink.ts";
import type { WorldSpec } from "../../src/simulate/world-spec.ts";

// `npm run simulate` runs thousands of them; a seed that breaks something says so in its message. What is built is run: a tenth
// quicker than sources that are changed while they are loaded.
const { drawWorld } = await built<typeof DrawWorld>("draw-world");
const { runWorld } = await built<typeof RunWorld>("run-world");
const { shrink } = await built<typeof Shrink>("shrink");

async function built<Module>(name: string): Promise<Module> {
  return (await import(fileURLToPath(new URL(`../../dist/simulate/${name}.js`, import.meta.url)))) as Module;
}

const WORLDS_A_YEAR = 184;
const WORLDS = Number(process.env["HEALER_WORLDS"] ?? WORLDS_A_YEAR);
const YEAR_MS = 365.25 * 86_400_000;

describe("a world drawn from a seed", { timeout: 600_000 }, () => {
  test(`breaks no promise, seeds 1 to ${WORLDS}`, () => {
    const broken = [];
    let heals = 0;
    let livedMs = 0;
    const before = process.cpuUsage();
    for (let seed = 1; seed <= WORLDS; seed++) {
      const { violation, tally, livedMs: lived } = runWorld(drawWorld(seed));
      if (violation !== null) broken.push(`seed ${seed}: ${violation}`);
      heals += tally.heals;
      livedMs += lived;
    }
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(`${(livedMs / YEAR_MS).toFixed(2)} years simulated in ${((user + system) / 1e6).toFixed(0)} CPU s\n`);
    expect(broken).toEqual([]);
    expect(heals, "a world in which nothing happens proves nothing").toBeGreaterThan(WORLDS);
    expect(livedMs / YEAR_MS, "years lived").toBeGreaterThan((0.95 * WORLDS) / WORLDS_A_YEAR);
  });

  test("is the same to the bit when it is run again, and another one for another seed", () => {
    const digests = [7, 7, 8].map((seed) => runWorld(drawWorld(seed, 500), { digest: true }).digest);
    expect(digests[0]).toBe(digests[1]);
    expect(digests[0]).not.toBe(digests[2]);
  });

  test("survives JSON: what is printed is what is run", () => {
    const spec = drawWorld(9, 300);
    const read = JSON.parse(JSON.stringify(spec)) as WorldSpec;
    expect(runWorld(read, { digest: true }).digest).toBe(runWorld(spec, { digest: true }).digest);
  });

  test("is shrunk to the faults that matter", () => {
    // healer is told to heal apps that it is also told to leave alone: a configuration that cannot be read is the fault to find.
    const spec = drawWorld(3, 400);
    const culprit = { atMs: 60_000, kind: "edit", config: "version: 1\nmode: sleep" } as const;
    const broken = { ...spec, faults: [...spec.faults.slice(0, 12), culprit].sort((one, other) => one.atMs - other.atMs) };
    const { violation } = runWorld(broken);
    expect(violation).toMatch(/^a bug/);
    expect(shrink(broken, violation ?? "").faults).toEqual([culprit]);
  });
});
