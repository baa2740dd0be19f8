import { carriers, sendSignal } from "./process-scan.ts";
import { until } from "./until.ts";

const PATIENCE_MS = 8000; // workers of a killed PM2 daemon notice within a second; this allows for a loaded machine

/** After the whole run: a process that a test started and that still lives makes the run red, and is ended here. */
export async function teardown(): Promise<void> {
  const survivors = (): ReturnType<typeof carriers> => testProcesses(process.env["HEALER_TEST_RUN_ID"] ?? "");
  const clean = await until(() => survivors().length === 0, "", PATIENCE_MS).then(
    () => true,
    () => false,
  );
  if (clean) return;
  for (const { pid, command } of survivors()) {
    process.stderr.write(`a process outlived the tests: ${pid} ${command}\n`);
    sendSignal(pid, "SIGKILL");
  }
  process.exitCode = 1;
}

/** Vitest's own workers carry the mark too, and may not have ended yet. */
function testProcesses(run: string): ReturnType<typeof carriers> {
  return carriers(`HEALER_TEST_RUN=${run}`).filter(
    ({ pid, command }) => pid !== process.pid && !/vitest[/\\]dist[/\\]workers/.test(command),
  );
}
