"use client";
import { useSearchParams } from "next/navigation";
import { useCallback, useMemo } from "react";
import { addressOf, viewOf, type View } from "./view";

/** What the list shows, kept in the address. `isSmall`: another letter of the same search, not a place to go back to. */
export function useView(): [View, (change: Partial<View>, isSmall?: boolean) => void] {
  const address = useSearchParams();
  const view = useMemo(() => viewOf(address), [address]);
  const change = useCallback((changes: Partial<View>, isSmall = false) => {
    const now = viewOf(new URLSearchParams(window.location.search));
    const next = addressOf({ ...now, ...changes }) || window.location.pathname;
    if (isSmall) window.history.replaceState(null, "", next);
    else window.history.pushState(null, "", next);
  }, []);
  return [view, change];
}
