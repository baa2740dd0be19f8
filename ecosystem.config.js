// Runs the healer daemon under your own PM2:   pm2 start ecosystem.config.js
// It takes ./healer.config.yaml of the folder you start it from, else /etc/healer/healer.config.yaml. healer leaves itself
// alone, and PM2 restarts it should it ever end; its journal makes that safe. It dies with the PM2 daemon, though: where
// there is systemd, `healer service install` is the better home.
import { resolve } from "node:path";

// A named export: in a package of ES modules PM2 finds no apps in `export default`, and `module.exports` throws.
export const apps = [
  {
    name: "healer",
    script: resolve(import.meta.dirname, "dist/cli/main.js"),
    args: "run",
    cwd: process.cwd(),
    exec_mode: "fork",
    instances: 1, // one healer watches one PM2_HOME; a second one would refuse to run
    autorestart: true,
    exp_backoff_restart_delay: 1000,
    stop_exit_codes: [2, 3], // a mistake in the configuration, or another healer at work: trying again does not help
    kill_timeout: 15_000, // it ends what it has begun before it goes
    vizion: false,
    env: {},
  },
];
