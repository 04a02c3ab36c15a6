"use client";
/** The browser's own modal dialog: it holds the focus, closes with Escape and needs no style from outside. */
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { cx } from "@/lib/cx";

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
      (dialog.querySelector<HTMLElement>("[data-autofocus]") ?? firstIn(dialog))?.focus(); // React's autoFocus comes before the dialog is shown
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
            {/* Without a hint: Escape would close that instead of the dialog. */}
            <button
              type="button"
              aria-label={t("close")}
              onClick={onClose}
              className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-soft transition-colors hover:bg-sunken hover:text-ink max-sm:size-10 [&_svg]:size-4"
            >
              <X aria-hidden />
            </button>
          </header>
          <div data-content className="min-h-0 overflow-y-auto px-5 pb-5">
            {children}
          </div>
          {footer && <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3.5">{footer}</footer>}
        </div>
      )}
    </dialog>
  );
}

/** What has the focus at first: the first box to fill in, else the first button at the bottom, which does no harm. */
function firstIn(dialog: HTMLDialogElement): HTMLElement | null {
  const box = dialog.querySelector<HTMLElement>("[data-content] :is(input, select, textarea):not([disabled], [type=hidden], .sr-only)");
  return box ?? dialog.querySelector<HTMLElement>("footer button:not([disabled])");
}
