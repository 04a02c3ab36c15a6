"use client";
/** What everybody on the meeting page may do with its transcript. */
import { createContext, useContext } from "react";
import type { Segment } from "@/features/meeting/model";
import type { Snapshot } from "./queue";

export interface StartAt {
  caret?: number;
  /** What to begin with instead of the segment's text. */
  text?: string;
}

export interface Visit {
  /** Another one: what was typed into the one before is settled. */
  key: string;
  caret: number | null;
  text: string | null;
}

export interface Corrections extends Pick<Snapshot, "state" | "numWaiting" | "canUndo" | "canRedo" | "problems"> {
  meetingId: string;
  /** The segment whose text is being edited, by `index`; null: none. */
  editing: number | null;
  visit: Visit | null;
  /** The segment that gets the focus when its editor closes. */
  returnTo: number | null;
  startEditing: (segment: Segment, at?: StartAt) => void;
  /** Saves and closes. Quiet: somebody has gone elsewhere, and the focus stays there. */
  stopEditing: (how?: { isQuiet: boolean }) => void;
  /** What stands in the editor by now. Saved by itself after a while. */
  type: (text: string) => void;
  /** Saves what was typed. */
  flush: () => void;
  /** Forgets what was typed since it was saved last. */
  dropDraft: () => void;
  save: (segment: Segment, text: string) => void;
  /** Before the word at this place of the text. */
  split: (segment: Segment, caret: number) => void;
  join: (first: Segment, second: Segment) => void;
  move: (segments: Segment[], label: string) => void;
  /** The text is right as it stands. */
  confirm: (segment: Segment) => void;
  remove: (segment: Segment) => void;
  undo: () => void;
  redo: () => void;
  settle: (problemId: string) => void;
}

export const CorrectionsContext = createContext<Corrections | null>(null);

export function useCorrections(): Corrections {
  const corrections = useContext(CorrectionsContext);
  if (!corrections) throw new Error("useCorrections() stands outside its provider");
  return corrections;
}
