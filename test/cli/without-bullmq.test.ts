import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { temporaryDir } from "../support/temporary-dir.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** healer as it is built, beside all packages but these. */
function installWithout(...gone: readonly string[]): string {
  const dir = temporaryDir();
  cpSync(join(ROOT, "dist"), join(dir, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(dir, "package.json"));
  mkdirSync(join(dir, "node_modules"));
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (!gone.includes(name)) symlinkSync(join(ROOT, "node_modules", name), join(dir, "node_modules", name));
  return dir;
}

function check(dir: string, queue: string, top = "") {
  const file = join(dir, "healer.config.yaml");
  writeFileSync(file, `version: 1\nmode: observe\nqueues:\n  a: ${queue}\nstrategies:\n  - {name: a, match: {app: a}, queue: a}\n${top}`);
  const env = { ...process.env, PM2_HOME: join(dir, "no-pm2"), HEALER_HOME: join(dir, "home") };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dir, "dist/cli/main.js"), "check", "-c", file], {
    encoding: "utf8",
    env,
  });
  return { status, said: stdout + stderr };
}

test("where BullMQ's packages are missing, a configuration that needs them is refused with what to install, and no other", () => {
  const dir = installWithout("bullmq", "ioredis");
  const { status, said } = check(dir, "{type: bullmq, url: 'redis://127.0.0.1', name: x}");
  expect(said).toContain(":4:7 queues.a.type: the queue type bullmq needs the packages bullmq and ioredis, which are not installed");
  expect(said).toContain("npm install bullmq ioredis (with -g where healer was installed with -g)");
  expect(status).toBe(2);
  expect(check(dir, "{type: http, url: 'http://127.0.0.1:1/'}").status).toBe(0);
});

test("the package that speaks SMTP is loaded by who sends mail, not by who reads a configuration that has it", () => {
  const mail = 'notify: [{type: email, smtp: "smtp://127.0.0.1:9", from: a@example.com, to: b@example.com}]\n';
  const dir = installWithout("nodemailer");
  expect(check(dir, "{type: http, url: 'http://127.0.0.1:1/'}", mail).status).toBe(0);
});
