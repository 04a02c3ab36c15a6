"use client";
/** In the place of a segment's text while it is edited; a conflict about it comes first. */
import type { Segment } from "@/features/meeting/model";
import { ConflictPanel } from "./ConflictPanel";
import { useCorrections } from "./context";
import { TextEditor } from "./TextEditor";
import { useProblems } from "./useProblems";

export function SegmentEditor({ segment }: { segment: Segment }) {
  const { visit } = useCorrections();
  const problem = useProblems().find((one) => one.segment?.index === segment.index);
  if (problem) return <ConflictPanel {...problem} />;
  return <TextEditor key={visit?.key} segment={segment} />;
}
