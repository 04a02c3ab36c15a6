"use client";
/** Seconds that are left, told every second. */
import { useEffect, useState } from "react";

export function useCountdown(): [number, (seconds: number) => void] {
  const [left, setLeft] = useState(0);
  const isRunning = left > 0;
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setLeft((now) => Math.max(0, now - 1)), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return [left, (seconds) => setLeft(Math.ceil(seconds))];
}
