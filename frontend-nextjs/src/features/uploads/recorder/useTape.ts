"use client";
import { useEffect, useSyncExternalStore } from "react";
import { Tape, type TapeState } from "./tape";

let tape: Tape | null = null;

export function theTape(): Tape {
  tape ??= new Tape(); // in the browser only
  return tape;
}

export function useTapeState(): TapeState {
  const one = theTape();
  return useSyncExternalStore(one.subscribe, one.snapshot, one.snapshot);
}

/** For the frame: whose recordings are offered. */
export function useTape(userId: string | null): TapeState {
  useEffect(() => theTape().setUser(userId), [userId]);
  return useTapeState();
}
