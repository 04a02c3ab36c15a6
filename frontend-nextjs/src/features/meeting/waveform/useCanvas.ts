"use client";
/** A canvas that is drawn again when its size or the theme changes, and only then. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { prepared } from "./draw";

function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}

export function useThemeName(): string {
  return useSyncExternalStore(watchTheme, () => document.documentElement.dataset.theme ?? "light", () => "light");
}

/** `draw` must be stable while what it draws is the same (`useCallback`). */
export function useCanvas(draw: (context: CanvasRenderingContext2D, width: number, height: number) => void) {
  const ref = useRef<HTMLCanvasElement>(null);
  const theme = useThemeName();
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return;
    const paint = () => {
      const { width, height } = canvas.getBoundingClientRect();
      const context = width > 0 && height > 0 ? prepared(canvas, width, height) : null;
      if (context) draw(context, width, height);
    };
    const observer = new ResizeObserver(paint); // it tells the first size, too
    observer.observe(canvas);
    return () => observer.disconnect();
  }, [draw, theme]);
  return ref;
}
