"use client";
import { useSyncExternalStore } from "react";

/** Tailwind's `lg`: narrower than that, the player's settings stand behind a button. */
const NARROW = "(max-width: 63.99rem)";

function subscribe(listener: () => void): () => void {
  const query = window.matchMedia(NARROW);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(NARROW).matches, () => false);
}
