/** What a transcript is to the page. */
import type { QueryClient } from "@tanstack/react-query";
import type { Schemas } from "@/lib/api/client";

export type Word = Schemas["AttributedWordPart"];

export interface Segment {
  /** Its place in the whole transcript, from 0; the same segment has another one after a split before it. */
  index: number;
  start: number;
  end: number;
  speaker: string | null;
  name: string | null;
  language: string;
  confidence: number | null;
  text: string;
  /** Missing until somebody looked at this part: `useTranscript().needWords`. */
  words?: Word[] | null;
  num_doubtful: number;
  /** The standing correction that made it what it is; null: the machine's. */
  edit_id: string | null;
}

/** The lines that an edit replaced, as the service answers it. */
export interface Change {
  from_index: number;
  num_removed: number;
  segments: Segment[];
}

/** Lays an edit's answer into the cached transcript without reading it again. */
export function applyChange(_client: QueryClient, _meetingId: string, _change: Change, _version: number): void {
  throw new Error("not written yet");
}
