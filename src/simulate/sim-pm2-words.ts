/** `duplicate`: another row under the same number, with the `created_at` it is given. */
export type Pm2Command = "restart" | "stop" | "start" | "delete" | { readonly name: "duplicate"; readonly createdWallMs: number };

/** What PM2 answers to a command: done, or why not; `null` = it never answers. */
export type Pm2Reply = { readonly ok: boolean; readonly error: string | null };

/** How PM2 treats commands now. */
export interface Pm2Trouble {
  readonly mode: "ok" | "refuses" | "does-it-without-a-reply" | "never-answers" | "process-dies-at-once";
  readonly latencyMs: number;
}
