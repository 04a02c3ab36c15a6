/** Segments for tests: a word a second. */
import type { Segment } from "@/features/meeting/model";

export function said(start: number, speaker: string, text: string): Segment {
  const words = text.split(" ").map((word, n) => ({ start: start + n, end: start + n + 1, word, confidence: 0.4, speaker }));
  return { index: 0, start, end: start + words.length, speaker, name: null, language: "fr", confidence: 0.4, text, words, num_doubtful: words.length, edit_id: null };
}
