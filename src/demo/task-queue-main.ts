import { startTaskQueueServer } from "./task-queue-server.ts";

// The program PM2 starts as `demo-queue`. PORT (8091) and TASKS_PER_SECOND (8) come from the environment.
const server = await startTaskQueueServer({
  port: Number(process.env["PORT"] ?? 8091),
  tasksPerSecond: Number(process.env["TASKS_PER_SECOND"] ?? 8),
});
process.stdout.write(`task queue at ${server.url}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close().then(() => process.exit(0)));
