/** Between the place of a caret in a text and the number of a word. */

interface Spoken {
  word: string;
}

/** Where each word begins in the text. Words that cannot be found stand where the last one ended. */
export function wordStarts(text: string, words: readonly Spoken[]): number[] {
  let from = 0;
  return words.map(({ word }) => {
    const bare = word.trim();
    const found = text.indexOf(bare, from);
    const start = found < 0 ? from : found;
    from = start + bare.length;
    return start;
  });
}

/** A text's words where nobody knows their times yet. */
export function spokenWords(text: string): Spoken[] {
  return text.split(/\s+/).filter(Boolean).map((word) => ({ word }));
}

/** Which word begins the second half of a split at this caret; 0 or `words.length`: there would be no half.
 * A caret in the middle of a word goes before it. */
export function wordAt(text: string, words: readonly Spoken[], caret: number): number {
  const starts = wordStarts(text, words);
  let at = starts.findIndex((start, number) => caret <= start || caret < start + words[number]!.word.trim().length);
  if (at < 0) at = words.length;
  return at;
}
