"use client";
/** Messages that pass: said to screen readers, gone after a while. Never for what must not be missed. */
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { Toast } from "radix-ui";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { cx } from "@/lib/cx";

interface Note {
  id: number;
  text: ReactNode;
  kind: "info" | "error";
  action?: { label: string; onClick: () => void };
}

const Say = createContext<(text: ReactNode, more?: Partial<Pick<Note, "kind" | "action">>) => void>(() => undefined);

/** `say("Saved")`, `say(text, { kind: "error" })`, `say("Deleted", { action: { label: "Undo", onClick } })`. */
export function useToast() {
  return useContext(Say);
}

let last = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const t = useTranslations("common");
  const [notes, setNotes] = useState<Note[]>([]);
  const say = useCallback((text: ReactNode, more: Partial<Pick<Note, "kind" | "action">> = {}) => {
    last += 1;
    const note: Note = { id: last, text, kind: more.kind ?? "info", action: more.action };
    setNotes((shown) => [...shown.slice(-3), note]);
  }, []);
  const value = useMemo(() => say, [say]);
  return (
    <Say.Provider value={value}>
      <Toast.Provider swipeDirection="right" duration={6000}>
        {children}
        {notes.map((note) => (
          <Toast.Root
            key={note.id}
            duration={note.kind === "error" ? 12_000 : 6000}
            onOpenChange={(isOpen) => !isOpen && setNotes((shown) => shown.filter((one) => one.id !== note.id))}
            className={cx(
              "flex items-center gap-3 rounded-md border px-4 py-3 text-sm shadow-high",
              note.kind === "error" ? "border-danger/40 bg-danger-soft text-danger" : "border-line bg-surface text-ink",
            )}
          >
            <Toast.Description className="flex-1">{note.text}</Toast.Description>
            {note.action && (
              <Toast.Action altText={note.action.label} onClick={note.action.onClick} className="rounded-sm px-2 py-1 font-medium text-accent hover:bg-accent-soft">
                {note.action.label}
              </Toast.Action>
            )}
            <Toast.Close aria-label={t("close")} className="rounded-sm p-1 text-ink-faint hover:text-ink">
              <X className="size-4" />
            </Toast.Close>
          </Toast.Root>
        ))}
        <Toast.Viewport className="fixed right-4 bottom-4 z-50 flex w-96 max-w-[calc(100vw-2rem)] flex-col gap-2 outline-none" />
      </Toast.Provider>
    </Say.Provider>
  );
}
