"use client";
/** Which lines are drawn: those in the window, the one with the focus and the one that is edited. */
import { defaultRangeExtractor, useWindowVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useState, type RefObject } from "react";
import type { Segment } from "../segments";
import { estimatedHeight } from "./estimate";

const FIRST_WIDTH_PX = 600;

export function useLines(list: RefObject<HTMLElement | null>, segments: readonly Segment[], kept: readonly (number | null)[]) {
  const { top, width } = usePlaceOnPage(list);
  const keptKey = kept.join();
  const rangeExtractor = useCallback(
    (range: Range) => {
      const shown = defaultRangeExtractor(range);
      const more = keptKey.split(",").filter(Boolean).map(Number).filter((index) => index < range.count && !shown.includes(index));
      return more.length > 0 ? [...shown, ...more].sort((one, other) => one - other) : shown;
    },
    [keptKey],
  );
  return useWindowVirtualizer<HTMLElement>({
    count: segments.length,
    estimateSize: (index) => estimatedHeight(segments, index, width),
    overscan: 8,
    scrollMargin: top,
    scrollPaddingStart: 140,
    scrollPaddingEnd: 160,
    rangeExtractor,
    directDomUpdates: true,
    directDomUpdatesMode: "position",
  });
}

/** Where the list begins on the page, and how wide its text is. */
function usePlaceOnPage(list: RefObject<HTMLElement | null>) {
  const [place, setPlace] = useState({ top: 0, width: FIRST_WIDTH_PX });
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const look = () => {
      const box = element.getBoundingClientRect();
      const now = { top: Math.round(box.top + window.scrollY), width: Math.max(200, Math.round(box.width) - (window.innerWidth >= 640 ? 64 : 0)) };
      setPlace((old) => (old.top === now.top && Math.abs(old.width - now.width) < 20 ? old : now));
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(document.body); // what stands above may grow, too
    observer.observe(element);
    return () => observer.disconnect();
  }, [list]);
  return place;
}
