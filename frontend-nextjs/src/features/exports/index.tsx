"use client";
/** What the meeting page needs of exports. */
import type { Segment } from "@/features/meeting/model";

export function ExportMenu(_props: { meetingId: string; title: string }) {
  return null;
}

/** "Copy as quote": text, speaker, time and a link that plays at that second. */
export function useCopyQuote(_meetingId: string): (segment: Segment) => void {
  return () => undefined;
}
