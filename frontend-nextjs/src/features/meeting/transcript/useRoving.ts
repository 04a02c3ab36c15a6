"use client";
/** One line has the focus, or would get it by the Tab key; arrows and j/k go from line to line. */
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";

export interface Roving {
  active: number;
  /** Makes a line the one of the Tab key; with `focus`, goes there. */
  setActive: (index: number, focus?: boolean) => void;
}

export function useRoving(list: RefObject<HTMLElement | null>, count: number): Roving {
  const [active, setIndex] = useState(0);
  const wish = useRef<number | null>(null);
  const setActive = useCallback(
    (index: number, focus = false) => {
      const place = Math.min(Math.max(0, index), count - 1);
      if (focus) wish.current = place;
      setIndex(place);
      if (focus) focusLine(list.current, place); // where it is drawn already
    },
    [count, list],
  );
  useLayoutEffect(() => {
    if (wish.current === null) return;
    if (focusLine(list.current, wish.current)) wish.current = null;
  });
  return { active: Math.min(active, Math.max(0, count - 1)), setActive };
}

function focusLine(list: HTMLElement | null, index: number): boolean {
  const line = list?.querySelector<HTMLElement>(`[data-index="${index}"]`);
  line?.focus({ preventScroll: true });
  return Boolean(line);
}
