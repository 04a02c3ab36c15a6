"use client";
/** What is searched for: shown at once, asked for and written into the address when the typing pauses. */
import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useRef, useState } from "react";
import type { SearchWishes } from "@/lib/api/search";
import { addressOf, wishesIn } from "./wishes";

const PAUSE_MS = 180;

export function useWishes() {
  const params = useSearchParams();
  const inAddress = params.toString();
  const [typed, setTyped] = useState<SearchWishes>(() => wishesIn(new URLSearchParams(inAddress)));
  const [asked, setAsked] = useState(typed);
  const written = useRef(inAddress);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  /** Somebody went back, or came by a link while the page was open. */
  useEffect(() => {
    if (inAddress === written.current) return;
    written.current = inAddress;
    const wishes = wishesIn(new URLSearchParams(inAddress));
    clearTimeout(timer.current);
    setTyped(wishes);
    setAsked(wishes);
  }, [inAddress]);

  useEffect(() => () => clearTimeout(timer.current), []);

  const change = useCallback(
    (change: Partial<SearchWishes>) => {
      const wishes = { ...typed, ...change };
      setTyped(wishes);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        setAsked(wishes);
        const address = addressOf(wishes);
        written.current = new URL(address, window.location.origin).searchParams.toString();
        window.history.replaceState(null, "", address);
      }, PAUSE_MS);
    },
    [typed],
  );
  return { typed, asked, change };
}
