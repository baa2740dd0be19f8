import { expect, test } from "vitest";
import { openGpus, type Gpus } from "../../../src/world/gpu/gpus.ts";
import { createProgramRunner } from "../../../src/world/programs/program-runner.ts";
import { RECORDED, WRITTEN } from "../../fixtures/gpu/recordings.ts";
import { standInSmi, type StandInSmi } from "../../support/stand-in-smi.ts";
import { temporaryDir } from "../../support/temporary-dir.ts";

const ENV = { PATH: process.env["PATH"] ?? "" };

function stage(): { smi: StandInSmi; gpus: Gpus } {
  const smi = standInSmi(temporaryDir());
  return { smi, gpus: openGpus({ runner: createProgramRunner(), command: smi.command, env: ENV }) };
}

const read = (gpus: Gpus) => gpus.read(new AbortController().signal);

test("the GPUs and who holds their memory, as recorded", async () => {
  const { smi, gpus } = stage();
  smi.says(RECORDED.busy);
  expect(await read(gpus)).toMatchObject({ ok: true, value: { gpus: [{ index: 0 }], processes: [{ pid: 498 }, { pid: 499 }] } });
});

test("who will not tell the processes still tells the GPUs", async () => {
  const { smi, gpus } = stage();
  smi.says({ gpus: RECORDED.idle.gpus, apps: "not for you\n" });
  expect(await read(gpus)).toMatchObject({ ok: true, value: { gpus: [{ index: 0 }], processes: null } });
});

test("no program is none, and so is a program without a driver or a card", async () => {
  const nowhere = openGpus({ runner: createProgramRunner(), command: "nvidia-smi-is-not-there", env: ENV });
  expect(await read(nowhere)).toMatchObject({ ok: false, error: { kind: "none" } });
  const { smi, gpus } = stage();
  for (const [text, code] of [
    [WRITTEN.noDevices, 6],
    [WRITTEN.noDevices, 0],
    [WRITTEN.noDriver, 9],
    ["", 0],
  ] as const) {
    smi.fails(text, code);
    expect(await read(gpus), `exit ${code} of ${text}`).toMatchObject({ ok: false, error: { kind: "none" } });
  }
});

test("a card that has fallen off the bus is told in the program's own words", async () => {
  const { smi, gpus } = stage();
  smi.fails(WRITTEN.lost, 15);
  const answer = await read(gpus);
  expect(answer).toMatchObject({ ok: false, error: { kind: "failed" } });
  expect(answer.ok ? "" : answer.error.message).toMatch(/^nvidia-smi exited with 15: Unable to determine .* GPU is lost/);
});

test("a table of another version is told, not guessed", async () => {
  const { smi, gpus } = stage();
  smi.says({ gpus: "0, GPU-1\n" });
  expect(await read(gpus)).toEqual({
    ok: false,
    error: { kind: "failed", message: 'nvidia-smi answered what is no table of ours: "0, GPU-1"' },
  });
});

test("one that hangs is killed after five seconds", async () => {
  const { smi, gpus } = stage();
  smi.hangs();
  expect(await read(gpus)).toEqual({ ok: false, error: { kind: "slow", message: "nvidia-smi did not answer in 5 s" } });
}, 20_000);
