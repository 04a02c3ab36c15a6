"use client";
import { useSearchParams } from "next/navigation";
import { useCallback, useState } from "react";
import { addressOf, viewOf, type View } from "./view";

/** What the list shows, kept in the address. `isSmall`: another letter of the same search, not a place to go back to.
 *
 * Shown at once: the router tells of a changed address only a moment later, and a box that is ticked must not wait. */
export function useView(): [View, (change: Partial<View>, isSmall?: boolean) => void] {
  const address = useSearchParams();
  const told = address.toString();
  const [shown, setShown] = useState(() => ({ told, view: viewOf(address) }));
  if (shown.told !== told) setShown({ told, view: viewOf(address) });
  const change = useCallback((changes: Partial<View>, isSmall = false) => {
    const next = { ...viewOf(new URLSearchParams(window.location.search)), ...changes };
    const to = addressOf(next) || window.location.pathname;
    if (isSmall) window.history.replaceState(null, "", to);
    else window.history.pushState(null, "", to);
    setShown((before) => ({ ...before, view: next }));
  }, []);
  return [shown.view, change];
}
