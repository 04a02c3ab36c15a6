"use client";
import { useEffect, useRef } from "react";
import { cx } from "@/lib/cx";
import { clock } from "@/lib/format";
import { useAudio, usePlayerState } from "../player";

/** Where it is. Its text changes once a second, past React. */
export function Clock({ className }: { className?: string }) {
  const player = useAudio();
  const ref = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const show = (at_s: number) => {
      const text = clock(at_s);
      if (ref.current && ref.current.textContent !== text) ref.current.textContent = text;
    };
    show(player.now());
    return player.subscribe(show);
  }, [player]);
  return <time ref={ref} className={cx("tabular text-sm text-ink", className)} />;
}

/** How long it is. */
export function Length({ className }: { className?: string }) {
  const { duration_s } = usePlayerState();
  return <span className={cx("tabular text-sm text-ink-faint", className)}>{clock(duration_s)}</span>;
}
