"use client";
/** The browser's own modal dialog: it holds the focus, closes with Escape and needs no style from outside. */
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { cx } from "@/lib/cx";
import { IconButton } from "./IconButton";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
  /** Buttons at the bottom, the one that does it last. */
  footer?: ReactNode;
  size?: "sm" | "md" | "lg";
}

const WIDTHS = { sm: "max-w-md", md: "max-w-xl", lg: "max-w-3xl" };

export function Dialog({ isOpen, onClose, title, children, footer, size = "md" }: Props) {
  const t = useTranslations("common");
  const titleId = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    if (isOpen && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>("[data-autofocus]")?.focus(); // React's autoFocus comes before the dialog is shown
    }
    if (!isOpen && dialog.open) dialog.close();
  }, [isOpen]);
  useLayoutEffect(() => {
    const dialog = ref.current;
    return () => dialog?.close(); // taken away while it is open: the focus goes back where it was all the same
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => isOpen && !ref.current?.open && onClose()}
      onClick={(event) => event.target === ref.current && onClose()}
      className={cx(
        "w-[calc(100vw-2rem)] rounded-lg border border-line bg-surface p-0 shadow-high max-sm:mb-0 max-sm:w-full max-sm:max-w-none max-sm:rounded-b-none",
        WIDTHS[size],
      )}
    >
      {isOpen && (
        <div className="flex max-h-[85dvh] flex-col">
          <header className="flex items-start justify-between gap-4 px-5 pt-4 pb-2">
            <h2 id={titleId} className="pt-1.5 font-serif text-lg font-semibold">
              {title}
            </h2>
            <IconButton label={t("close")} onClick={onClose} size="sm">
              <X />
            </IconButton>
          </header>
          <div className="min-h-0 overflow-y-auto px-5 pb-5">{children}</div>
          {footer && <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3.5">{footer}</footer>}
        </div>
      )}
    </dialog>
  );
}
