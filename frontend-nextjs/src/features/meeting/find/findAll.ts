/** Every place of a text in a transcript. Each line is folded once. */
import type { Segment } from "../segments";
import { fold, rangesOf, type Folded } from "./fold";

export interface Match {
  /** The segment's index. */
  index: number;
  from: number;
  to: number;
}

export type MatchesByIndex = ReadonlyMap<number, readonly Match[]>;

const memory = new WeakMap<Segment, Folded>();

function folded(segment: Segment): Folded {
  let known = memory.get(segment);
  if (!known) {
    known = fold(segment.text);
    memory.set(segment, known);
  }
  return known;
}

export function findAll(segments: readonly Segment[], query: string): Match[] {
  const wanted = fold(query.trim()).text;
  if (wanted === "") return [];
  const found: Match[] = [];
  for (const segment of segments) {
    for (const [from, to] of rangesOf(folded(segment), wanted, segment.text.length)) found.push({ index: segment.index, from, to });
  }
  return found;
}

export function byIndex(matches: readonly Match[]): MatchesByIndex {
  const map = new Map<number, Match[]>();
  for (const match of matches) {
    const list = map.get(match.index);
    if (list) list.push(match);
    else map.set(match.index, [match]);
  }
  return map;
}

/** The first match at or after a segment: where looking begins; round to the start when there is none. */
export function firstFrom(matches: readonly Match[], index: number): number {
  const place = matches.findIndex((match) => match.index >= index);
  return place < 0 ? 0 : place;
}
