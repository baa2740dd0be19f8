import type { NotifierKind } from "./notifier.ts";
import { email } from "./email.ts";
import { webhook } from "./webhook.ts";

/** Every kind of notifier there is. Adding one: its file, and a line here. */
export const NOTIFIER_KINDS: readonly NotifierKind[] = [webhook, email];
