import { hostname } from "node:os";
import type { Outcome } from "../core/outcome.ts";
import { failure, success } from "../core/outcome.ts";
import { plural } from "../core/words.ts";
import { tryChannels, type ChannelTrial } from "../daemon/notify/try-channels.ts";
import { controlClient, type ControlClient } from "./control-client.ts";
import { fieldsOf, giveUp, type Refusal } from "./daemon-answers.ts";
import { EXIT } from "./io.ts";
import { loadConfigFile } from "./load-file.ts";
import { plain, type Terminal } from "./terminal.ts";

export interface NotifyTest {
  readonly channel?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** `healer notify test`: through the running daemon; with none, or with `-c`, as the file says. */
export async function runNotifyTest(
  options: NotifyTest,
  terminal: Terminal,
  client: ControlClient = controlClient(terminal),
): Promise<number> {
  const tried = await tryThem(options, terminal, client);
  if (!tried.ok) return giveUp(terminal, tried.error);
  const failed = tried.value.filter(({ error }) => error !== null).length;
  if (options.json === true) terminal.out(JSON.stringify({ channels: tried.value }));
  else for (const trial of tried.value) terminal.out(plain(inWords(trial)));
  return failed === 0 ? EXIT.fine : giveUp(terminal, { code: EXIT.failed, text: `${plural(failed, "channel")} did not deliver` });
}

type Tried = Outcome<readonly ChannelTrial[], Refusal>;

async function tryThem(
  { channel = null, config }: { channel?: string | null; config?: string },
  terminal: Terminal,
  client: ControlClient,
): Promise<Tried> {
  if (config !== undefined) return tryFile(config, channel, terminal);
  const answer = await client.post("/api/notify/test", { channel, by: terminal.user });
  if (!answer.ok) {
    terminal.err("No healer answers; trying the channels of the configuration file.");
    return tryFile(undefined, channel, terminal);
  }
  const { channels, error } = fieldsOf(answer.value);
  if (answer.value.status === 200 && Array.isArray(channels)) return success(channels as readonly ChannelTrial[]);
  const text = typeof error === "string" ? error : "healer answered what this command does not understand; are both of one version?";
  return failure({ code: answer.value.status === 400 ? EXIT.usage : EXIT.internal, text });
}

async function tryFile(config: string | undefined, channel: string | null, terminal: Terminal): Promise<Tried> {
  const loaded = await loadConfigFile(config === undefined ? {} : { config }, terminal);
  if (!loaded.ok) return failure({ code: EXIT.usage, text: loaded.error.message });
  const { notifiers, hash } = loaded.value.compiled;
  const made = notifiers.map(({ kind, params, number }) => kind.create(params, number));
  const tried = await tryChannels(made, { channel, by: terminal.user, host: hostname(), config: hash, wallMs: Date.now() });
  return tried.ok ? tried : failure({ code: EXIT.usage, text: tried.error });
}

function inWords({ channel, took_ms: tookMs, error }: ChannelTrial): string {
  return error === null ? `${channel}: delivered in ${tookMs} ms` : `${channel}: not delivered (after ${tookMs} ms): ${error}`;
}
