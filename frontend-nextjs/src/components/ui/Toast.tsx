"use client";
/** Messages that pass: said to screen readers, gone after a while, kept while they are pointed at or have the focus. Never
 * for what must not be missed. */
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";
import { cx } from "@/lib/cx";

interface Note {
  id: number;
  text: ReactNode;
  kind: "info" | "error";
  action?: { label: string; onClick: () => void };
}

type More = Partial<Pick<Note, "kind" | "action">>;

const MOST = 4;
const SHOWN_MS = { info: 6000, error: 12_000 };

const Say = createContext<(text: ReactNode, more?: More) => void>(() => undefined);

/** `say("Saved")`, `say(text, { kind: "error" })`, `say("Deleted", { action: { label: "Undo", onClick } })`. */
export function useToast() {
  return useContext(Say);
}

let last = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const t = useTranslations("common");
  const [notes, setNotes] = useState<Note[]>([]);
  const say = useCallback((text: ReactNode, more: More = {}) => {
    last += 1;
    const note: Note = { id: last, text, kind: more.kind ?? "info", action: more.action };
    setNotes((shown) => [...shown.slice(1 - MOST), note]);
  }, []);
  const close = useCallback((id: number) => setNotes((shown) => shown.filter((one) => one.id !== id)), []);
  return (
    <Say.Provider value={say}>
      {children}
      {/* Both stand there from the beginning: screen readers listen only to regions that they know. */}
      <section aria-label={t("messages")} className="pointer-events-none fixed right-4 bottom-4 z-50 flex w-96 max-w-[calc(100vw-2rem)] flex-col gap-2 print:hidden max-sm:bottom-20">
        {(["info", "error"] as const).map((kind) => (
          <div key={kind} role={kind === "error" ? "alert" : "status"} className="flex flex-col gap-2">
            {notes.filter((note) => note.kind === kind).map((note) => (
              <Shown key={note.id} note={note} onClose={close} />
            ))}
          </div>
        ))}
      </section>
    </Say.Provider>
  );
}

function Shown({ note, onClose }: { note: Note; onClose: (id: number) => void }) {
  const t = useTranslations("common");
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => onClose(note.id), SHOWN_MS[note.kind]);
    return () => clearTimeout(timer);
  }, [isHeld, note, onClose]);
  return (
    <div
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className={cx(
        "pointer-events-auto flex items-center gap-3 rounded-md border px-4 py-3 text-sm shadow-high",
        note.kind === "error" ? "border-danger/40 bg-danger-soft text-danger" : "border-line bg-surface text-ink",
      )}
    >
      <p className="flex-1">{note.text}</p>
      {note.action && (
        <button
          type="button"
          onClick={() => {
            note.action?.onClick();
            onClose(note.id);
          }}
          className="min-h-8 rounded-sm px-2 font-medium text-accent hover:bg-accent-soft"
        >
          {note.action.label}
        </button>
      )}
      <button type="button" aria-label={t("close")} onClick={() => onClose(note.id)} className="inline-flex size-8 items-center justify-center rounded-sm text-ink-faint hover:text-ink">
        <X aria-hidden className="size-4" />
      </button>
    </div>
  );
}
