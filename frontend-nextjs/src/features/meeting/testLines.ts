/** Lines for tests. */
import type { Segment } from "./segments";

export function line(index: number, start: number, end: number, speaker: string | null = "SPEAKER_00", text = `line ${index}`): Segment {
  return { index, start, end, speaker, name: null, language: "fr", confidence: 0.9, text, words: null, num_doubtful: 0, edit_id: null };
}
