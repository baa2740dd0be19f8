import { useRef, useState } from "preact/hooks";
import { order as send, targetPath, token, keepToken } from "./calls.ts";
import { rest } from "./live.ts";

export type Order = "heal" | "pause" | "resume" | "reset";

const WORDS: Readonly<Record<Order, { readonly button: string; readonly title: string; readonly means: string }>> = {
  heal: {
    button: "Heal now",
    title: "Heal",
    means: "Begins a heal as if a rule had asked for it: the same guards, the same check whether it helped, the same log.",
  },
  pause: {
    button: "Pause",
    title: "Pause healing of",
    means: "healer goes on watching and does nothing until the pause is over or you resume.",
  },
  resume: { button: "Resume", title: "Resume healing of", means: "A grace period begins, and all evidence begins anew." },
  reset: { button: "Close circuit", title: "Close the circuit of", means: "healer may heal it again. Failed heals are counted from zero." },
};
const SPANS: readonly (readonly [label: string, ms: number | null])[] = [
  ["15 minutes", 900_000],
  ["1 hour", 3_600_000],
  ["4 hours", 14_400_000],
  ["24 hours", 86_400_000],
  ["until resumed", null],
];

/** Nothing is done on one click: the dialog says what will happen, and whoever may not is told so by healer itself. */
export function OrderButton({ order, target }: { readonly order: Order; readonly target: string | null }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [round, setRound] = useState(0);
  const open = (): void => {
    setRound(round + 1);
    dialog.current?.showModal();
  };
  return (
    <>
      <button class={`order ${order}`} onClick={open}>
        {WORDS[order].button}
        {target === null && " everything"}
      </button>
      <dialog ref={dialog} aria-label={`${WORDS[order].title} ${target ?? "everything"}`}>
        <OrderForm key={round} order={order} target={target} close={() => dialog.current?.close()} />
      </dialog>
    </>
  );
}

function OrderForm({ order, target, close }: { readonly order: Order; readonly target: string | null; readonly close: () => void }) {
  const [span, setSpan] = useState(1);
  const [reason, setReason] = useState("");
  const [said, setSaid] = useState<{ readonly ok: boolean; readonly text: string } | null>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSaid(null);
    const body = order === "pause" ? { for_ms: SPANS[span]?.[1] ?? null, reason } : {};
    const answer = await send(`${target === null ? "api" : targetPath(target)}/${order}`, body);
    setSaid(answer.ok ? { ok: true, text: answer.value.text } : { ok: false, text: answer.error });
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2>
        {WORDS[order].title} {target ?? "everything"}?
      </h2>
      <p>{WORDS[order].means}</p>
      {order === "pause" && <PauseFields span={span} setSpan={setSpan} reason={reason} setReason={setReason} />}
      <TokenField />
      {said !== null && (
        <p class={said.ok ? "said well" : "said person"} role="alert">
          {said.ok ? "✓" : "✕"} {said.text}
        </p>
      )}
      <div class="buttons">
        <button type="button" onClick={close}>
          {said?.ok === true ? "Done" : "Cancel"}
        </button>
        {said?.ok !== true && (
          <button type="submit" class="primary">
            {WORDS[order].button}
          </button>
        )}
      </div>
    </form>
  );
}

interface PauseChoice {
  readonly span: number;
  readonly setSpan: (index: number) => void;
  readonly reason: string;
  readonly setReason: (text: string) => void;
}

function PauseFields({ span, setSpan, reason, setReason }: PauseChoice) {
  return (
    <>
      <label>
        For
        <select value={span} onChange={(event) => setSpan(Number(event.currentTarget.value))}>
          {SPANS.map(([label], index) => (
            <option key={label} value={index}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label>
        Why (it stands in the heal log)
        <input value={reason} maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} placeholder="deploy of 14:00" />
      </label>
    </>
  );
}

function TokenField() {
  return (
    <label>
      Admin token
      <input
        type="password"
        autocomplete="off"
        value={token.value}
        onInput={(event) => keepToken(event.currentTarget.value)}
        placeholder={`cat ${rest.value?.home ?? "~/.healer"}/admin.token`}
      />
      <small>The content of {rest.value?.home ?? "~/.healer"}/admin.token; kept for this tab only.</small>
    </label>
  );
}
