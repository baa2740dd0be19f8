import { expect, test } from "vitest";
import { family, scriptWord } from "../../../src/sensors/copies/script-word.ts";

test.each([
  ["node worker.js", "worker.js"],
  ["/usr/bin/node --max-old-space-size=512 --inspect /srv/worker.js --port 1", "/srv/worker.js"],
  ["node -r dotenv/config --import tsx worker.js", "worker.js"],
  ["nodejs -- worker.js", "worker.js"],
  ["node eslint.js worker.js", "eslint.js"],
  ["node --check worker.js", null],
  ["node -c worker.js", null],
  ["node -e 1 worker.js", null],
  ["node --eval=1 worker.js", null],
  ["node --test worker.js", null],
  ["node", null],
  ["node - worker.js", null],
  ["python3.11 -u -X dev -W ignore worker.py a", "worker.py"],
  ["python3 -Xdev worker.py", "worker.py"],
  ["python3 -m worker", null],
  ["python3 -um worker", null],
  ["python3 -c 1 worker.py", null],
  ["bash -e -o pipefail worker.sh", "worker.sh"],
  ["bash -c worker.sh", null],
  ["sh -lc worker.sh", null],
  ["bash -n worker.sh", null],
  ["ruby -I lib worker.rb", "worker.rb"],
  ["ruby -c worker.rb", null],
  ["php -d memory_limit=1G -f worker.php", "worker.php"],
  ["php -l worker.php", null],
  ["perl -w worker.pl", "worker.pl"],
  ["perl -wc worker.pl", null],
  ["bun run worker.ts", "worker.ts"],
  ["deno run --allow-net worker.ts", "worker.ts"],
])("%s runs %s", (line, script) => {
  const argv = line.split(" ");
  const at = scriptWord(argv);
  expect(at === null ? null : argv[at]).toBe(script);
});

test.each([
  ["/usr/bin/python3.11", "python"],
  ["nodejs", "node"],
  ["/opt/node-v20.1/bin/node", "node"],
  ["-bash", "sh"],
  ["/bin/dash", "sh"],
  ["php8.2", "php"],
  ["vim", "vim"],
])("%s is of the family %s", (program, name) => {
  expect(family(program)).toBe(name);
});
