import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemoWorker } from "./demo-worker.ts";

// The program PM2 starts as `demo-worker`, several times. PM2 sets `name` and NODE_APP_INSTANCE; the rest comes from the demo.
const name = `${process.env["name"] ?? "demo-worker"}-${process.env["NODE_APP_INSTANCE"] ?? "0"}`;
const worker = await startDemoWorker({
  name,
  queueUrl: process.env["QUEUE_URL"] ?? "http://127.0.0.1:8091",
  port: Number(process.env["PORT"] ?? 0),
  workMs: Number(process.env["WORK_MS"] ?? 300),
  ailmentPath: join(process.env["DEMO_DIR"] ?? tmpdir(), `${name}.ailment`),
});
process.stdout.write(`${name} answers at ${worker.url}/health\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void worker.stop().then(() => process.exit(0)));
