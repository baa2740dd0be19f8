/** What servers call the state of a task, in lower case. */
export const GOOD: readonly string[] = ["completed", "complete", "success", "succeeded", "successful", "ok", "done", "finished", "passed"];
export const BAD: readonly string[] = ["failed", "failure", "fail", "error", "errored", "timeout", "timed_out", "crashed"];
export const WAITING: readonly string[] = ["pending", "queued", "waiting", "delayed", "scheduled", "retrying"];
export const IN_HAND: readonly string[] = ["running", "active", "processing", "in_progress", "started"];
/** No outcome: somebody took it back. */
export const ENDED_BY_WILL: readonly string[] = ["cancelled", "canceled", "skipped", "aborted"];
