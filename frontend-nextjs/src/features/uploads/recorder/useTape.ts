"use client";
import { useEffect, useSyncExternalStore } from "react";
import { theTape, type TapeState } from "./tape";

export function useTapeState(): TapeState {
  const one = theTape();
  return useSyncExternalStore(one.subscribe, one.snapshot, one.snapshot);
}

/** For the frame: whose recordings are offered. */
export function useTape(userId: string | null): TapeState {
  useEffect(() => theTape().setUser(userId), [userId]);
  return useTapeState();
}
