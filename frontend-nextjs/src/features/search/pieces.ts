/** Quotes as they are shown: what was found in them, and which belong together. */
import type { Quote } from "@/lib/api/search";

export interface Piece {
  text: string;
  isMatch: boolean;
}

/** The service counts characters as Python does, by code point; JavaScript's strings count an emoji twice. */
export function piecesOf(text: string, matches: readonly (readonly number[])[]): Piece[] {
  const characters = [...text];
  const pieces: Piece[] = [];
  let at = 0;
  const add = (until: number, isMatch: boolean) => {
    if (until > at) pieces.push({ text: characters.slice(at, until).join(""), isMatch });
    at = Math.max(at, until);
  };
  for (const [from = 0, to = 0] of [...matches].sort((one, other) => (one[0] ?? 0) - (other[0] ?? 0))) {
    add(Math.min(from, characters.length), false);
    add(Math.min(to, characters.length), true);
  }
  add(characters.length, false);
  return pieces;
}

/** What the meeting page looks for: the first thing that was found here. */
export function firstMatch(text: string, matches: readonly (readonly number[])[]): string | undefined {
  return piecesOf(text, matches).find((piece) => piece.isMatch)?.text;
}

export interface Group {
  meeting: Quote["meeting"];
  quotes: Quote[];
}

/** By meeting, the best first. Each page is grouped by itself: what is in sight does not move when more comes. */
export function groupsOf(pages: readonly { items: Quote[] }[]): Group[] {
  const groups: Group[] = [];
  for (const { items } of pages) {
    const ofPage = new Map<string, Group>();
    for (const quote of items) {
      const last = groups.at(-1);
      const known = ofPage.get(quote.meeting.id) ?? (ofPage.size === 0 && last?.meeting.id === quote.meeting.id ? last : undefined);
      if (known) {
        known.quotes.push(quote);
        ofPage.set(quote.meeting.id, known);
        continue;
      }
      const group = { meeting: quote.meeting, quotes: [quote] };
      ofPage.set(quote.meeting.id, group);
      groups.push(group);
    }
  }
  return groups;
}

export function quoteKey({ meeting, segment }: Quote): string {
  return `${meeting.id}-${segment.index}`;
}
