/** What is not sent yet outlives a reload: kept in this tab, never longer than the tab. */
import type { Line } from "./lines";
import type { Kept } from "./queue";

export interface Draft {
  line: Line;
  text: string;
}

const queueKey = (meetingId: string) => `scribe.edits.${meetingId}`;
const draftKey = (meetingId: string) => `scribe.draft.${meetingId}`;

function read<T>(key: string): T | null {
  try {
    const text = sessionStorage.getItem(key);
    return text ? (JSON.parse(text) as T) : null;
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage: what is typed lives in this page only, and leaving it is warned of.
  }
}

export const keptEdits = (meetingId: string) => read<Kept>(queueKey(meetingId));
export const keepEdits = (meetingId: string, kept: Kept) => write(queueKey(meetingId), kept);
export const keptDraft = (meetingId: string) => read<Draft>(draftKey(meetingId));
export const keepDraft = (meetingId: string, draft: Draft | null) => write(draftKey(meetingId), draft);
