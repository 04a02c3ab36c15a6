/** A segment's text cut where words and matches begin and end, so that what is drawn is the text, letter by letter. */
import { DOUBTFUL_BELOW, type Word } from "../segments";

export interface Piece {
  text: string;
  /** Which word it is part of; null: between words. */
  word: number | null;
  isDoubtful: boolean;
  /** Which of the segment's matches it is part of; null: none. */
  match: number | null;
}

/** Where each word stands in the text; words that are not in it (somebody corrected the text) are left out. */
export function wordRanges(text: string, words: readonly Word[]): [number, number, number][] {
  const ranges: [number, number, number][] = [];
  let at = 0;
  words.forEach(({ word }, number) => {
    const bare = word.trim();
    const from = bare === "" ? -1 : text.indexOf(bare, at);
    if (from < 0) return;
    ranges.push([from, from + bare.length, number]);
    at = from + bare.length;
  });
  return ranges;
}

/** The same length, with spaces that a line does not end at: French writes one before `?`. */
export function bound(text: string, language: string): string {
  return language === "fr" ? text.replace(/ (?=[;:!?»])/g, "\u00a0").replace(/(?<=«) /g, "\u00a0") : text;
}

/** `shown`: what is drawn in the place of `text`, letter for letter. */
export function pieces(text: string, words: readonly Word[] | null | undefined, matches: readonly { from: number; to: number }[] = [], shown = text): Piece[] {
  const ranges = words ? wordRanges(text, words) : [];
  const cuts = new Set([0, text.length]);
  for (const [from, to] of ranges) cuts.add(from).add(to);
  for (const { from, to } of matches) cuts.add(from).add(to);
  const edges = [...cuts].sort((one, other) => one - other);
  const result: Piece[] = [];
  let [place, match] = [0, 0];
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const [from, to] = [edges[i]!, edges[i + 1]!];
    while ((ranges[place]?.[1] ?? Infinity) <= from) place += 1;
    while ((matches[match]?.to ?? Infinity) <= from) match += 1;
    const range = ranges[place];
    const word = range && range[0] <= from ? range[2] : null;
    result.push({
      text: shown.slice(from, to),
      word,
      isDoubtful: word !== null && (words?.[word]?.confidence ?? 1) < DOUBTFUL_BELOW,
      match: (matches[match]?.from ?? Infinity) <= from ? match : null,
    });
  }
  return result;
}
