/** The way through the lines with doubtful words. */
import type { Segment } from "../segments";

export function doubtfulLines(segments: readonly Segment[]): Segment[] {
  return segments.filter((segment) => segment.num_doubtful > 0);
}

/** The line where the walk stands: the very one, or, where it was settled, the next; null: none is left. */
export function lineAt(doubtful: readonly Segment[], at_s: number): Segment | null {
  return doubtful.find((segment) => segment.start >= at_s) ?? doubtful[0] ?? null;
}

export function neighbour(doubtful: readonly Segment[], current: Segment, by: 1 | -1): Segment | null {
  const place = doubtful.findIndex((segment) => segment.start >= current.start);
  if (by < 0) return doubtful[(place < 0 ? doubtful.length : place) - 1] ?? null;
  return doubtful[doubtful[place]?.start === current.start ? place + 1 : place] ?? null;
}

/** "12 of 48": those that are settled count as walked past. `total`: how many there were when the walk began. */
export function progress(doubtful: readonly Segment[], current: Segment, total: number): { number: number; total: number } {
  const all = Math.max(total, doubtful.length);
  const before = doubtful.filter((segment) => segment.start < current.start).length;
  return { number: all - doubtful.length + before + 1, total: all };
}
