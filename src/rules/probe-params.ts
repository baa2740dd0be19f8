import { z } from "zod";
import { parseTextPattern } from "../core/text-pattern.ts";
import { mistakenPlaces, PLACES_EXPECTED, unknownPlaces } from "../core/worker-template.ts";
import { duration, failuresOf } from "./param-schemas.ts";

/** Parameters of probes as people write them. */

/** What all probes have; the rhythm differs, because a program costs more than a connection. */
export function probePace(usual: { readonly every: string; readonly timeout: string }) {
  return {
    every: duration().prefault(usual.every),
    timeout: probeTime().prefault(usual.timeout),
    failures: failuresOf().prefault("3 of 5"),
  };
}

export function startup() {
  return duration({ minMs: 0 }).prefault("5m");
}

/** How long one answer may take. */
export function probeTime() {
  return duration({ minMs: 50, maxMs: 300_000 });
}

/** `ok`, or `/regular expression/`. */
export function textPattern() {
  return z
    .string()
    .min(1, "expected some text")
    .max(1000)
    .meta({ description: "text that the answer must contain, or /regular expression/" })
    .superRefine((written, context) => {
      const parsed = parseTextPattern(written);
      if (!parsed.ok) context.addIssue({ code: "custom", message: `expected ${parsed.error}` });
    });
}

/** They would change how the request travels, and a worker that waits for a body would be taken for a silent one. */
const FRAMING = /^(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;
const HEADERS_MAX = 20;

function headerName() {
  return z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, "expected the name of an HTTP header");
}

export function requestHeaders() {
  const name = headerName().refine((text) => !FRAMING.test(text), "this header is healer's own business");
  const value = z
    .string()
    .max(4000)
    .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "expected one line of text");
  return headers(name, value).meta({ description: "sent with each probe; never shown" });
}

export function expectedHeaders() {
  return headers(headerName(), z.string().min(1, "expected some text").max(1000)).meta({
    description: "headers that the answer must have, each with text that its value must contain",
  });
}

function headers(name: z.ZodType<string, string>, value: z.ZodString) {
  return z.record(name, value).refine((given) => Object.keys(given).length <= HEADERS_MAX, `expected at most ${HEADERS_MAX} headers`);
}

/** A host by name or number; the worker's `{env.HOST}` in it. */
export function workerHost() {
  return z
    .string()
    .max(255)
    .meta({ description: "host name or address; {env.VAR} {name} {instance} {pm_id} are the worker's" })
    .superRefine((host, context) => {
      const isHost = unknownPlaces(host).length === 0 && /^[\w.:%-]+$/.test(emptied(host));
      if (!isHost) context.addIssue({ code: "custom", message: `expected a host such as 127.0.0.1, with ${PLACES_EXPECTED} in it` });
    });
}

const PORT_MAX = 65_535;

/** A port, or text that becomes one with the worker's values put in. */
export function workerPort() {
  return z
    .union([z.number(), z.string().max(200)])
    .meta({ description: "1 to 65535, or a text such as {env.PORT} that becomes one" })
    .transform((written, context): string => {
      const text = String(written);
      const isFixed = !text.includes("{");
      const isPort = /^\d+$/.test(emptied(text)) && unknownPlaces(text).length === 0;
      if (isPort && (!isFixed || (Number(text) >= 1 && Number(text) <= PORT_MAX))) return text;
      context.addIssue({ code: "custom", message: `expected a port from 1 to ${PORT_MAX}, or a text such as "{env.PORT}"` });
      return z.NEVER;
    });
}

/** With a digit in each place, as in a text that is filled in. */
function emptied(template: string): string {
  return template.replaceAll(/\{[^{}]*\}/g, "1");
}

const WORDS_MAX = 64;

/** A program and its arguments, each word by itself. */
export function workerArgv() {
  const word = z.union([z.string().max(2000), z.number()]).transform(String);
  return z
    .array(word, {
      error: 'expected a list: the program, then each argument by itself, such as ["./check.sh", "{instance}"]; no shell reads it',
    })
    .min(1, "expected a program")
    .max(WORDS_MAX, `expected at most ${WORDS_MAX} words`)
    .meta({ description: "program and arguments, without a shell; {env.VAR} {name} {instance} {pm_id} are the worker's" })
    .superRefine((argv, context) => {
      for (const [index, text] of argv.entries()) {
        const wrong = whyNoWord(text, index);
        if (wrong !== null) context.addIssue({ code: "custom", path: [index], message: wrong });
      }
    });
}

function whyNoWord(text: string, index: number): string | null {
  const [slip] = mistakenPlaces(text);
  if (slip !== undefined) return `unknown placeholder {${slip}}; expected ${PLACES_EXPECTED}`;
  if (text.includes("\0")) return "expected text without a NUL";
  if (index > 0) return null;
  if (text.trim() === "") return "expected a program";
  return /\s/.test(text) && !/^[./{]/.test(text) ? "expected the program alone: each argument is an item of its own" : null;
}

const EXIT_CODE_MAX = 255;

/** `0`, or `[0, 1]` where a warning is good enough. */
export function exitCodes() {
  const code = z.number().int("expected a whole number").min(0, "expected 0 to 255").max(EXIT_CODE_MAX, "expected 0 to 255");
  return z
    .union([code, z.array(code).min(1)])
    .meta({ description: "exit codes of a good probe" })
    .transform((codes): readonly number[] => [codes].flat());
}
