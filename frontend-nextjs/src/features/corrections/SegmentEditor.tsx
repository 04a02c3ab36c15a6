"use client";
/** In the place of a segment's text while it is edited; a conflict about it comes first. */
import dynamic from "next/dynamic";
import type { Segment } from "@/features/meeting/model";
import { useCorrections } from "./context";
import { useProblems } from "./useProblems";

const ConflictPanel = dynamic(() => import("./ConflictPanel").then((found) => found.ConflictPanel), { ssr: false });
const TextEditor = dynamic(() => import("./TextEditor").then((found) => found.TextEditor), { ssr: false, loading: () => <span data-editor-awaited /> });

export function SegmentEditor({ segment }: { segment: Segment }) {
  const { visit } = useCorrections();
  const problem = useProblems().find((one) => one.segment?.index === segment.index);
  if (problem) return <ConflictPanel {...problem} />;
  return <TextEditor key={visit?.key} segment={segment} />;
}
