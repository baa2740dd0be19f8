#!/usr/bin/env node
/** The first thing that runs: nothing newer than Node 16 may be imported here, so that an old Node gets a sentence instead of a syntax error. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const NODE_MIN = { major: 20, minor: 19 };

if (major < NODE_MIN.major || (major === NODE_MIN.major && minor < NODE_MIN.minor)) {
  process.stderr.write(
    `healer needs Node ${NODE_MIN.major}.${NODE_MIN.minor} or newer; this is ${process.version} (${process.execPath})\n`,
  );
  process.exitCode = 70;
} else {
  const { main } = await import("./start-cli.ts");
  await main();
}

export {};
