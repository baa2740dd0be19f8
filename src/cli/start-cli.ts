import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { processTerminal } from "./process-terminal.ts";
import { runCli } from "./program.ts";

/** Runs the command line of this process and ends it with the code. */
export async function main(): Promise<void> {
  const code = await runCli(process.argv.slice(2), processTerminal(version(), fileURLToPath(new URL("main.js", import.meta.url))));
  // Whatever a command left open (a socket, a watcher) must not keep it alive; pipes and files are written synchronously.
  process.exit(code);
}

function version(): string {
  const text: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof text === "object" && text !== null && "version" in text ? String(text.version) : "unknown";
}
