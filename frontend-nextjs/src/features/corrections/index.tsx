"use client";
/** What the meeting page needs of corrections. */
import type { ReactNode } from "react";
import type { Segment } from "@/features/meeting/model";

export interface Corrections {
  /** The segment whose text is being edited, by `index`; null: none. */
  editing: number | null;
  startEditing: (segment: Segment) => void;
  stopEditing: () => void;
  undo: () => void;
  redo: () => void;
  canUndo: boolean;
  canRedo: boolean;
  state: "saved" | "saving" | "unsaved" | "conflict";
}

export function CorrectionsProvider({ children }: { meetingId: string; children: ReactNode }) {
  return children;
}

export function useCorrections(): Corrections {
  return { editing: null, startEditing: () => undefined, stopEditing: () => undefined, undo: () => undefined, redo: () => undefined, canUndo: false, canRedo: false, state: "saved" };
}

/** In the place of a segment's text while it is edited. */
export function SegmentEditor({ segment }: { segment: Segment }) {
  return <p>{segment.text}</p>;
}

/** The buttons at the end of a segment: edit, split, join with the next, give to another speaker. */
export function SegmentActions(_props: { segment: Segment; next: Segment | null }) {
  return null;
}

/** Saved, saving, conflict; undo, redo; opens the history. For the meeting's tool bar. */
export function CorrectionsBar() {
  return null;
}

/** What people had corrected and another run left without a place: shown above the transcript, never dropped. */
export function LostCorrections() {
  return null;
}
