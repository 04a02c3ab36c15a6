"use client";
import { useTranscript, type Segment } from "@/features/meeting/model";
import { useCorrections } from "./context";
import { successor } from "./lines";
import type { Problem } from "./queue";

/** Texts that were not taken, each with the segment that stands there now. */
export function useProblems(): { problem: Problem; segment: Segment | null }[] {
  const { meetingId, problems } = useCorrections();
  const { segments } = useTranscript(meetingId, false);
  return problems.map((problem) => ({ problem, segment: segments[successor(segments, problem.line)] ?? null }));
}
