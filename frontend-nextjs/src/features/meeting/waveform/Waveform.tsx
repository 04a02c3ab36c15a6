"use client";
/** The whole recording in one line: who speaks, how loud, where it is now. A slider to seek with. */
import { useTranslations } from "next-intl";
import { useCallback, useEffect, useRef, type KeyboardEvent, type PointerEvent } from "react";
import type { Peaks } from "@/lib/api/recordings";
import { clock } from "@/lib/format";
import { useAudio, usePlayerState } from "../player";
import { useSpeakerLabel } from "../useSpeakerLabel";
import { speakingAt, type Segment } from "../segments";
import { BAR_PX, barHeights, barSpeakers, drawBars, themeColours } from "./draw";
import { useCanvas } from "./useCanvas";

const STEPS: Record<string, number> = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -60, PageUp: 60 };

export function Waveform({ peaks, segments }: { peaks: Peaks | null; segments: readonly Segment[] }) {
  const t = useTranslations("meeting");
  const player = useAudio();
  const { duration_s } = usePlayerState();
  const draw = useCallback(
    (context: CanvasRenderingContext2D, width: number, height: number) => {
      const numBars = Math.floor(width / BAR_PX);
      drawBars(context, height, barHeights(peaks?.data ?? [], numBars), barSpeakers(segments, duration_s, numBars), themeColours());
    },
    [peaks, segments, duration_s],
  );
  const still = useCanvas(draw);
  const played = useCanvas(draw);
  const box = useRef<HTMLDivElement>(null);
  const { pointed, ...pointing } = usePointing(box, duration_s);
  useNow(box, segments, pointed);

  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined) player.step(event.shiftKey ? Math.sign(step) : step);
    else if (event.key === "Home") player.seek(0);
    else if (event.key === "End") player.seek(duration_s);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={box}
      role="slider"
      tabIndex={0}
      aria-label={t("position")}
      aria-valuemin={0}
      aria-valuemax={Math.round(duration_s)}
      aria-valuenow={0}
      onKeyDown={press}
      {...pointing}
      className="group relative h-full min-w-0 flex-1 cursor-pointer touch-none"
    >
      <canvas ref={still} aria-hidden className="absolute inset-0 size-full opacity-35" />
      <canvas ref={played} aria-hidden data-played className="absolute inset-0 size-full" />
      <div aria-hidden data-line className="absolute inset-y-0 left-0 w-0.5 -translate-x-1/2 rounded-full bg-ink" />
      <Pointer box={box} segments={segments} duration_s={duration_s} />
    </div>
  );
}

function share(box: HTMLElement, x: number): number {
  const { left, width } = box.getBoundingClientRect();
  return Math.min(1, Math.max(0, (x - left) / width));
}

/** Drags: the line follows the pointer, the recording jumps when it is let go. */
function usePointing(box: React.RefObject<HTMLDivElement | null>, duration_s: number) {
  const player = useAudio();
  const pointed = useRef<number | null>(null);
  const move = (event: PointerEvent) => {
    if (pointed.current === null || !box.current) return;
    pointed.current = share(box.current, event.clientX) * duration_s;
    place(box.current, pointed.current / duration_s);
  };
  return {
    pointed,
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 || duration_s === 0 || !box.current) return;
      box.current.setPointerCapture(event.pointerId);
      pointed.current = share(box.current, event.clientX) * duration_s;
      place(box.current, pointed.current / duration_s);
    },
    onPointerMove: move,
    onPointerUp: () => {
      if (pointed.current === null) return;
      player.seek(pointed.current);
      pointed.current = null;
    },
    onPointerCancel: () => {
      pointed.current = null;
    },
  };
}

function place(box: HTMLElement, at: number): void {
  const percent = `${(at * 100).toFixed(3)}%`;
  const [played, line] = [box.querySelector<HTMLElement>("[data-played]"), box.querySelector<HTMLElement>("[data-line]")];
  if (played) played.style.clipPath = `inset(0 calc(100% - ${percent}) 0 0)`;
  if (line) line.style.left = percent;
}

/** The line and what is said of it, without rendering. */
function useNow(box: React.RefObject<HTMLDivElement | null>, segments: readonly Segment[], pointed: React.RefObject<number | null>) {
  const player = useAudio();
  const { duration_s } = usePlayerState();
  const label = useSpeakerLabel();
  useEffect(() => {
    let told = -1;
    const show = (at_s: number) => {
      if (!box.current || pointed.current !== null) return;
      place(box.current, duration_s > 0 ? at_s / duration_s : 0);
      const second = Math.floor(at_s);
      if (second === told) return;
      told = second;
      const who = segments[speakingAt(segments, at_s)];
      box.current.setAttribute("aria-valuenow", String(second));
      box.current.setAttribute("aria-valuetext", who ? `${clock(at_s)}, ${label(who.speaker, who.name)}` : clock(at_s));
    };
    show(player.now());
    return player.subscribe(show);
  }, [player, segments, duration_s, box, pointed, label]);
}

/** Time and name under the pointer. */
function Pointer({ box, segments, duration_s }: { box: React.RefObject<HTMLDivElement | null>; segments: readonly Segment[]; duration_s: number }) {
  const ref = useRef<HTMLDivElement>(null);
  const label = useSpeakerLabel();
  useEffect(() => {
    const around = box.current;
    if (!around) return;
    const show = (event: globalThis.PointerEvent) => {
      if (!ref.current || duration_s === 0) return;
      const at = share(around, event.clientX);
      const who = segments[speakingAt(segments, at * duration_s)];
      ref.current.style.left = `${at * 100}%`;
      (ref.current.firstElementChild as HTMLElement).style.transform = `translateX(-${at * 100}%)`; // within the screen at both ends
      const [time, name] = ref.current.querySelectorAll("span");
      if (time) time.textContent = clock(at * duration_s);
      if (name) name.textContent = who ? label(who.speaker, who.name) : "";
    };
    around.addEventListener("pointermove", show);
    return () => around.removeEventListener("pointermove", show);
  }, [box, segments, duration_s, label]);
  return (
    <div ref={ref} aria-hidden className="pointer-events-none absolute inset-y-0 hidden w-px bg-ink-soft group-hover:block">
      <div className="absolute bottom-full left-0 mb-1 flex gap-2 rounded-md bg-ink px-2 py-1 text-xs whitespace-nowrap text-paper shadow-high">
        <span className="tabular" />
        <span className="max-w-40 truncate empty:hidden" />
      </div>
    </div>
  );
}
