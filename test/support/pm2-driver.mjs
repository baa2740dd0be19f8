// Runs in a process of its own and drives PM2's own programmatic API, so that neither that API (it may call
// process.exit) nor PM2's code is ever loaded into the tests. One long-lived driver is far quicker than a CLI call each.
import { createRequire } from "node:module";
import process from "node:process";

const pm2 = createRequire(import.meta.url)(process.env.PM2_PACKAGE_DIR);

const commands = {
  connect: () => call("connect"),
  start: ({ app, asModule }) => call("start", app, asModule ? { started_as_module: true } : {}),
  list: () => call("list"),
  stop: ({ target }) => call("stop", target),
  restart: ({ target }) => call("restart", target),
  reload: ({ target }) => call("reload", target),
  remove: ({ target }) => call("delete", target),
  resurrect: () => call("resurrect"),
  save: () => call("dump", true),
  scale: ({ target, count }) => call("scale", target, count),
};

function call(method, ...args) {
  return new Promise((resolve, reject) => {
    pm2[method](...args, (error, result) =>
      error ? reject(error instanceof Error ? error : new Error(String(error.msg ?? error))) : resolve(result),
    );
  });
}

process.on("message", async ({ id, command, args }) => {
  try {
    const result = await commands[command](args);
    process.send({ id, result: JSON.parse(JSON.stringify(result ?? null)) });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});

// The test process went away without disposing: take the daemon along. SIGTERM makes it delete all its workers first.
process.on("disconnect", () => {
  pm2.killDaemon(() => process.exit(0));
});
