"use client";
/** What the mouse and the keyboard do in the transcript. One listener for all lines and words. */
import { useLayoutEffect, useMemo, useRef, type KeyboardEvent, type MouseEvent } from "react";
import { useCorrections } from "@/features/corrections";
import { useAudio } from "../player";
import type { Segment } from "../segments";
import { lettersBefore, secondsAt } from "./guess";
import { wordRanges } from "./pieces";
import type { Roving } from "./useRoving";

const CONTROLS = "button, a, input, textarea, select, [contenteditable], [role=menuitem], [role=dialog]";

/** A click on a line whose words are still on their way is not lost. */
function unreadStart(line: Segment, { target, clientX, clientY }: MouseEvent): number | undefined {
  const text = line.words || !(target instanceof Element) ? null : target.closest("p[lang], p[dir]");
  const letters = text && lettersBefore(text, clientX, clientY);
  return letters === null ? undefined : secondsAt(line, letters);
}

export function useLineEvents(segments: readonly Segment[], roving: Roving, show: (index: number) => void) {
  const player = useAudio();
  const corrections = useCorrections();
  const latest = useRef({ segments, roving, corrections, show });
  useLayoutEffect(() => {
    latest.current = { segments, roving, corrections, show };
  });

  return useMemo(() => {
    const lineOf = (target: EventTarget | null) => {
      const index = target instanceof Element ? target.closest<HTMLElement>("[data-index]")?.dataset.index : undefined;
      return index === undefined ? undefined : latest.current.segments[Number(index)];
    };
    const wordOf = (target: EventTarget | null) => (target instanceof Element ? target.closest<HTMLElement>("[data-w]")?.dataset.w : undefined);
    const go = (index: number) => {
      if (index < 0 || index >= latest.current.segments.length) return;
      latest.current.roving.setActive(index, true);
      latest.current.show(index);
    };

    const onClick = (event: MouseEvent) => {
      const line = lineOf(event.target);
      if (!line || !(event.target instanceof Element) || latest.current.corrections.editing === line.index) return;
      latest.current.roving.setActive(line.index);
      if (event.target.closest("[data-time]")) {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return; // the link, as anywhere
        event.preventDefault();
        return player.play(line.start);
      }
      if (event.detail > 1 || !(document.getSelection()?.isCollapsed ?? true)) return;
      const word = wordOf(event.target);
      const start = word === undefined ? unreadStart(line, event) : line.words?.[Number(word)]?.start;
      if (start !== undefined) player.play(start);
    };

    const onDoubleClick = (event: MouseEvent) => {
      const line = lineOf(event.target);
      if (!line || !(event.target instanceof Element) || event.target.closest(CONTROLS)) return;
      const word = wordOf(event.target);
      const range = word === undefined ? undefined : wordRanges(line.text, line.words ?? []).find(([, , number]) => number === Number(word));
      document.getSelection()?.removeAllRanges();
      latest.current.corrections.startEditing(line, range && { caret: range[1] });
    };

    const onKeyDown = (event: KeyboardEvent) => {
      const line = lineOf(event.target);
      const isLine = event.target instanceof HTMLElement && event.target.dataset.index !== undefined;
      if (!line || !isLine || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "ArrowDown") go(line.index + 1);
      else if (event.key === "ArrowUp") go(line.index - 1);
      else if (event.key === "Enter") player.play(line.start);
      else if (event.key === "e" || event.key === "F2") latest.current.corrections.startEditing(line);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };

    const onFocus = (event: { target: EventTarget }) => {
      const line = lineOf(event.target);
      if (line) latest.current.roving.setActive(line.index);
    };
    return { onClick, onDoubleClick, onKeyDown, onFocus };
  }, [player]);
}
