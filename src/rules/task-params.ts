import { z } from "zod";
import { mistakenPlaces, PLACES_EXPECTED } from "../core/worker-template.ts";

/** Parameters of a task that is put through the queue, as people write them. */

const BODY_LENGTH_MAX = 16_000;
const FIELD_LENGTH_MAX = 200;
const WORDS_MAX = 20;

/** JSON to be posted; its texts may have the worker's places in them, and `{id}` for an id that healer makes up. */
export function taskBody() {
  return z
    .record(z.string(), z.unknown(), { error: "expected a map, such as {type: health_check}; it is sent as JSON" })
    .meta({
      description: "what is posted, as JSON; {id} is an id of healer's making; {env.VAR} {name} {instance} {pm_id} are the worker's",
    })
    .superRefine((body, context) => {
      const slip = textsIn(body)
        .flatMap(mistakenPlaces)
        .find((place) => place !== "id");
      if (slip !== undefined)
        context.addIssue({ code: "custom", message: `unknown placeholder {${slip}}; expected {id}, ${PLACES_EXPECTED}` });
      if (JSON.stringify(body).length > BODY_LENGTH_MAX)
        context.addIssue({ code: "custom", message: `expected at most ${BODY_LENGTH_MAX} characters of JSON` });
    });
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** What the server calls each field of its answers. */
export function taskFields() {
  const field = (what: string) =>
    z.string().min(1, "expected the server's name of this field").max(FIELD_LENGTH_MAX).optional().describe(what);
  return z
    .strictObject({
      id: field("of the answer to the post; left out: id, or task_id"),
      status: field("of the result; left out: status"),
      success: field("of the result, true or false once it has ended; left out: only status is looked at"),
      worker: field("of the result; left out: worker, or worker_id"),
    })
    .describe("what the server calls each field, where it differs; a path with dots reaches inside");
}

/** Words for the state of a task, besides those known. */
export function taskStatuses() {
  const words = (what: string) =>
    z.array(z.string().min(1).max(FIELD_LENGTH_MAX)).max(WORDS_MAX, `expected at most ${WORDS_MAX} words`).optional().describe(what);
  return z
    .strictObject({
      ok: words("it has succeeded"),
      failed: words("it has failed"),
      waiting: words("nobody has taken it yet"),
      running: words("a worker has it in hand"),
    })
    .describe("what the server calls the states of a task, besides the usual words");
}
