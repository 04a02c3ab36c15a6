/** A line of the transcript as somebody saw it: what an edit names, since its place may change meanwhile. */
export interface Line {
  start: number;
  end: number;
  speaker: string | null;
  text: string;
}

export function lineOf({ start, end, speaker, text }: Line): Line {
  return { start, end, speaker, text };
}

export function isSameLine(one: Line, other: Line): boolean {
  return one.start === other.start && one.end === other.end && one.speaker === other.speaker && one.text === other.text;
}

/** As the service keeps a text: trimmed, one space between words. Narrow and no-break spaces stay. */
export function tidy(text: string): string {
  return text.normalize("NFC").replace(/[ \t\r\n]+/g, " ").trim();
}

/** Where these lines stand, one after the other, looked for around `near` first; -1: not any more. */
export function locate(segments: readonly Line[], lines: readonly Line[], near = 0): number {
  const last = segments.length - lines.length;
  if (lines.length === 0 || last < 0) return -1;
  const isAt = (place: number) => lines.every((line, offset) => isSameLine(segments[place + offset]!, line));
  const middle = Math.min(Math.max(near, 0), last);
  for (let step = 0; step <= Math.max(middle, last - middle); step += 1) {
    if (middle - step >= 0 && isAt(middle - step)) return middle - step;
    if (middle + step <= last && isAt(middle + step)) return middle + step;
  }
  return -1;
}

/** The line that now stands where that one stood: most of its time in common; -1: none. */
export function successor(segments: readonly Line[], line: Line): number {
  let best = -1;
  let most = 0;
  segments.forEach((one, place) => {
    const common = Math.min(one.end, line.end) - Math.max(one.start, line.start) + (one.speaker === line.speaker ? 0.001 : 0);
    if (common > most) [best, most] = [place, common];
  });
  return best;
}
