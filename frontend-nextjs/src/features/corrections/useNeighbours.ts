"use client";
import { useTranscript, type Segment } from "@/features/meeting/model";
import { useCorrections } from "./context";

export function useNeighbours(segment: Segment): { previous: Segment | null; next: Segment | null } {
  const { segments } = useTranscript(useCorrections().meetingId);
  return { previous: segments[segment.index - 1] ?? null, next: segments[segment.index + 1] ?? null };
}
