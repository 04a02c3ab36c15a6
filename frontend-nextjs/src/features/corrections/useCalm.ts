"use client";
/** A state that lasts a moment only is not shown: "saving" that flickers at each correction says nothing. */
import { useEffect, useState } from "react";
import type { Snapshot } from "./queue";

const MOMENT_MS = 350;

export function useCalm(state: Snapshot["state"]): Snapshot["state"] {
  const [shown, setShown] = useState(state);
  useEffect(() => {
    const timer = setTimeout(() => setShown(state), state === "saving" ? MOMENT_MS : 0);
    return () => clearTimeout(timer);
  }, [state]);
  return shown;
}
