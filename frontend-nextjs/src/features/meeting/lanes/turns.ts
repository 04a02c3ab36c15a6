/** Where somebody speaks next. */
import { beginsTurn, type Segment } from "../segments";

/** The next turn of a speaker that begins after `at_s`; round to the first one. */
export function nextTurnOf(segments: readonly Segment[], label: string | null, at_s: number): Segment | null {
  let first: Segment | null = null;
  for (const segment of segments) {
    if (segment.speaker !== label || !beginsTurn(segments, segment.index)) continue;
    if (segment.start > at_s + 0.05) return segment;
    first ??= segment;
  }
  return first;
}

/** The line of a speaker that is nearest to a time: where a click in a lane leads. */
export function nearestOf(segments: readonly Segment[], label: string | null, at_s: number): Segment | null {
  let best: Segment | null = null;
  let least = Infinity;
  for (const segment of segments) {
    if (segment.speaker !== label) continue;
    const distance = at_s < segment.start ? segment.start - at_s : Math.max(0, at_s - segment.end);
    if (distance < least) [best, least] = [segment, distance];
  }
  return best;
}
