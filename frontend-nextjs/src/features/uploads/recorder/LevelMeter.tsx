"use client";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { meter } from "./level";
import { theTape } from "./tape";

const BARS = 28;
const TOLD_EVERY_MS = 1000;

/** Bars that follow the voice. Drawn without React: they move sixty times a second. */
export function LevelMeter() {
  const t = useTranslations("uploads");
  const bars = useRef<HTMLDivElement>(null);
  const [told, setTold] = useState(0);
  useEffect(() => {
    let frame = 0;
    let shown = 0;
    let toldAt = 0;
    const draw = (now: number) => {
      const level = meter(theTape().level());
      shown = Math.max(level, shown * 0.9); // falls slowly, as meters do
      const lit = Math.round(shown * BARS);
      bars.current?.childNodes.forEach((bar, place) => {
        if (bar instanceof HTMLElement) bar.dataset.lit = place < lit ? (place > BARS * 0.9 ? "loud" : "yes") : "no";
      });
      if (now - toldAt > TOLD_EVERY_MS) {
        toldAt = now;
        setTold(Math.round(level * 100));
      }
      frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div role="meter" aria-label={t("level")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={told}>
      <div ref={bars} aria-hidden className="flex h-8 items-stretch gap-1">
        {Array.from({ length: BARS }, (_, place) => (
          <span key={place} data-lit="no" className="flex-1 rounded-sm bg-line data-[lit=loud]:bg-warning data-[lit=yes]:bg-accent" />
        ))}
      </div>
    </div>
  );
}
