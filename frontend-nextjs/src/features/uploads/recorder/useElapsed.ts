"use client";
import { useEffect, useState } from "react";
import { elapsedMs, type Watch } from "./level";

/** Whole seconds that were recorded, counted while they pass. */
export function useElapsed(watch: Watch): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (watch.runningSinceMs === null) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [watch]);
  return Math.floor(Math.max(0, elapsedMs(watch, Math.max(now, watch.runningSinceMs ?? 0))) / 1000);
}
