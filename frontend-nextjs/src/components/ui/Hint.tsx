"use client";
import { Slot } from "radix-ui";
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState, type FocusEvent, type PointerEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { Kbd } from "./Kbd";

const WAIT_MS = 400;
const GAP_PX = 6;

/** A few words on hover and on focus by keyboard. Never the only place where something is said. Stands in the browser's top
 * layer, above dialogs, too. */
export function Hint({ text, shortcut, children }: { text: ReactNode; shortcut?: string; children: ReactNode }) {
  const id = useId();
  const [place, setPlace] = useState<DOMRect | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hide = useCallback(() => {
    clearTimeout(timer.current);
    setPlace(null);
  }, []);
  const later = (element: Element, wait_ms: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => element.isConnected && setPlace(element.getBoundingClientRect()), wait_ms);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!place) return;
    const escaped = (event: KeyboardEvent) => event.key === "Escape" && hide();
    window.addEventListener("scroll", hide, true);
    window.addEventListener("keydown", escaped, true);
    return () => {
      window.removeEventListener("scroll", hide, true);
      window.removeEventListener("keydown", escaped, true);
    };
  }, [place, hide]);
  return (
    <>
      <Slot.Root
        aria-describedby={place ? id : undefined}
        onPointerEnter={(event: PointerEvent<HTMLElement>) => event.pointerType !== "touch" && later(event.currentTarget, WAIT_MS)}
        onPointerLeave={hide}
        onPointerDown={hide}
        onFocus={(event: FocusEvent<HTMLElement>) => event.currentTarget.matches(":focus-visible") && later(event.currentTarget, WAIT_MS)}
        onBlur={hide}
      >
        {children}
      </Slot.Root>
      {place && createPortal(<Words id={id} place={place} text={text} shortcut={shortcut} />, document.body)}
    </>
  );
}

function Words({ id, place, text, shortcut }: { id: string; place: DOMRect; text: ReactNode; shortcut?: string }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    element.showPopover?.();
    const { width, height } = element.getBoundingClientRect();
    const isAbove = place.top > height + 2 * GAP_PX;
    const left = Math.min(Math.max(GAP_PX, place.left + place.width / 2 - width / 2), window.innerWidth - width - GAP_PX);
    element.style.left = `${left}px`;
    element.style.top = `${isAbove ? place.top - height - GAP_PX : place.bottom + GAP_PX}px`;
  }, [place]);
  return (
    <div ref={box} id={id} role="tooltip" popover="manual" className="pointer-events-none fixed inset-auto z-50 m-0 flex w-max max-w-72 items-center gap-2 rounded-md bg-ink px-2.5 py-1.5 text-xs text-paper shadow-high">
      {text}
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </div>
  );
}
