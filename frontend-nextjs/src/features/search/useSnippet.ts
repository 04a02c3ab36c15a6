"use client";
/** Plays one quote at a time, in the list. */
import { useCallback, useEffect, useRef, useState } from "react";
import { playbackUrl } from "@/lib/api/recordings";
import type { Quote } from "@/lib/api/search";
import { quoteKey } from "./pieces";

/** Sound around the quote: words do not begin at the millisecond. */
const LEAD_S = 0.2;
const TAIL_S = 0.4;

export interface Snippet {
  /** Of which quote something is heard, or about to be. */
  playing: string | null;
  /** Of that quote, 0 to 1. */
  share: number;
  toggle: (quote: Quote) => void;
}

export function useSnippet(onRefused: () => void): Snippet {
  const audio = useRef<HTMLAudioElement | null>(null);
  const span = useRef({ start_s: 0, end_s: 0 });
  const refused = useRef(onRefused);
  const [playing, setPlaying] = useState<string | null>(null);
  const [share, setShare] = useState(0);
  useEffect(() => {
    refused.current = onRefused;
  }, [onRefused]);

  useEffect(() => {
    const player = new Audio();
    player.preload = "metadata";
    const stop = () => setPlaying(null);
    const tick = () => {
      const { start_s, end_s } = span.current;
      setShare(Math.min(1, Math.max(0, (player.currentTime - start_s) / (end_s - start_s))));
      if (player.currentTime >= end_s) player.pause();
    };
    player.addEventListener("pause", stop);
    player.addEventListener("ended", stop);
    player.addEventListener("timeupdate", tick);
    audio.current = player;
    return () => {
      player.removeEventListener("pause", stop);
      player.pause();
      player.removeAttribute("src");
      audio.current = null;
    };
  }, []);

  const toggle = useCallback(
    (quote: Quote) => {
      const player = audio.current;
      if (!player) return;
      const key = quoteKey(quote);
      if (playing === key) {
        player.pause();
        return;
      }
      const start_s = Math.max(0, quote.segment.start - LEAD_S);
      span.current = { start_s, end_s: quote.segment.end + TAIL_S };
      const address = playbackUrl(quote.meeting.id);
      if (!player.src.endsWith(address)) player.src = address;
      player.currentTime = start_s;
      setShare(0);
      setPlaying(key);
      player.play().catch((reason: unknown) => {
        if (reason instanceof DOMException && reason.name === "AbortError") return; // another quote was asked for meanwhile
        setPlaying(null);
        refused.current();
      });
    },
    [playing],
  );
  return { playing, share, toggle };
}
