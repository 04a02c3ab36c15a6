"use client";
/** A button that opens "Who is this?": beside it where there is room, else as a dialog from below. */
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { lazy, Suspense, useEffect, useRef, useState, type ComponentProps } from "react";
import { createPortal } from "react-dom";
import { Dialog } from "@/components/ui/Dialog";

const Popover = lazy(() => import("@/components/ui/Popover").then((found) => ({ default: found.Popover })));
const WhoIsThis = dynamic(() => import("./WhoIsThis").then((found) => found.WhoIsThis), { ssr: false });

interface Props extends Omit<ComponentProps<"button">, "ref"> {
  meetingId: string;
  label: string;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}

export function WhoButton({ meetingId, label, isOpen, onOpenChange, ...rest }: Props) {
  const t = useTranslations("naming");
  const [isWide, setWide] = useState<boolean | null>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    // What was pressed is gone, or cannot be pressed while it works: the focus comes back here all the same.
    const timer = wasOpen.current && !isOpen ? setTimeout(() => document.activeElement === document.body && trigger.current?.focus(), 50) : undefined;
    wasOpen.current = isOpen;
    return () => clearTimeout(timer);
  }, [isOpen]);
  const close = () => onOpenChange(false);
  const open = () => {
    setWide(window.matchMedia("(min-width: 40rem)").matches);
    onOpenChange(true);
  };
  const button = <button ref={trigger} type="button" aria-haspopup="dialog" aria-expanded={isOpen} {...rest} onClick={open} />;
  if (isWide === null) return button; // thousands of names, of which one is asked for
  const content = isOpen && <WhoIsThis meetingId={meetingId} label={label} onDone={close} />;
  if (isWide) {
    return (
      <Suspense fallback={button}>
        <Popover trigger={button} isOpen={isOpen} onOpenChange={onOpenChange} label={t("who")} className="w-96">
          <h2 className="px-1.5 pt-1 pb-3 font-serif text-lg font-semibold">{t("who")}</h2>
          <div className="px-1.5 pb-1">{content}</div>
        </Popover>
      </Suspense>
    );
  }
  return (
    <>
      {button}
      {createPortal(
        // Outside of the heading that the name stands in.
        <Dialog isOpen={isOpen} onClose={close} title={t("who")} size="sm">
          {content}
        </Dialog>,
        document.body,
      )}
    </>
  );
}
