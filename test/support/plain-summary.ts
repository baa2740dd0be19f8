import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Lines at the end that a script can read: `healer: 123 passed, 0 failed, 0 skipped`, and before it `healer: failed in FILE`. */
export class PlainSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let [passed, failed, skipped] = [0, unhandledErrors.length, 0];
    if (unhandledErrors.length > 0) process.stdout.write("healer: failed in no file\n");
    for (const module of modules) {
      // A file that could not be loaded has no tests to fail.
      if (module.errors().length > 0) failed += 1;
      if (!module.ok()) process.stdout.write(`healer: failed in ${module.relativeModuleId}\n`);
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") failed += 1;
        else skipped += 1;
      }
    }
    process.stdout.write(`healer: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
