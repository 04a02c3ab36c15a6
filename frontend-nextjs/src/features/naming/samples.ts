/** Which stretches to listen to: a few, apart from each other, long enough to know a voice and no longer. */

export interface Span {
  start_s: number;
  end_s: number;
}

const MOST = 3;
const LONGEST_S = 8;
const SHORTEST_S = 1.5;

/** Best first in, in time order out. */
export function samplesOf(spans: readonly Span[]): Span[] {
  const length = (span: Span) => Math.min(LONGEST_S, span.end_s - span.start_s);
  const long = spans.filter((span) => length(span) >= SHORTEST_S);
  const chosen = (long.length > 0 ? long : [...spans])
    .toSorted((one, other) => length(other) - length(one))
    .slice(0, MOST)
    .map((span) => ({ start_s: span.start_s, end_s: span.start_s + length(span) }));
  return chosen.toSorted((one, other) => one.start_s - other.start_s);
}
