/** What the service will most likely answer to an edit: shown at once, laid over by the answer when it comes. */
import { DOUBTFUL_BELOW, type Segment, type Word } from "@/features/meeting/segments";
import type { Line } from "./lines";
import { tidy } from "./lines";
import { spokenWords, wordAt, wordStarts } from "./carets";

/** What somebody did. A split names a caret in the text: which word that is, is found out when it is sent. */
export type Action =
  | { kind: "text"; lines: [Line]; text: string }
  | { kind: "split"; lines: [Line]; caret: number }
  | { kind: "join"; lines: [Line, Line] }
  | { kind: "move"; lines: Line[]; to_label: string }
  | { kind: "confirm"; lines: [Line] };

/** `segments`: those of the action's lines. `nameOf`: what a label is called. */
export function predict(action: Action, segments: readonly Segment[], nameOf: (label: string) => string | null): Segment[] {
  const first = segments[0]!;
  switch (action.kind) {
    case "text":
      return withText(first, action.text);
    case "split":
      return halves(first, action.caret);
    case "join":
      return [joined(first, segments[1]!)];
    case "move":
      return segments.map((segment) => ({
        ...segment,
        speaker: action.to_label,
        name: nameOf(action.to_label),
        words: segment.words?.map((word) => ({ ...word, speaker: action.to_label })),
      }));
    case "confirm":
      return [{ ...first, num_doubtful: 0, words: first.words?.map((word) => ({ ...word, confidence: 1 })) }];
  }
}

function withText(segment: Segment, wanted: string): Segment[] {
  const text = tidy(wanted);
  if (!text) return [];
  const words = segment.words && retimed(segment, segment.words, text);
  return [{ ...segment, text, words, num_doubtful: words ? numDoubtful(words) : segment.num_doubtful }];
}

function halves(segment: Segment, caret: number): Segment[] {
  const words = segment.words?.length ? segment.words : null;
  const spoken = words ?? spokenWords(segment.text);
  const at = wordAt(segment.text, spoken, caret);
  if (at <= 0 || at >= spoken.length) return [segment];
  const cut = wordStarts(segment.text, spoken)[at]!;
  const share = cut / Math.max(1, segment.text.length);
  const middle = segment.start + (segment.end - segment.start) * share;
  const [end, start] = words ? [words[at - 1]!.end, words[at]!.start] : [middle, middle];
  const [left, right] = [words?.slice(0, at) ?? null, words?.slice(at) ?? null];
  return [
    { ...segment, end, text: segment.text.slice(0, cut).trim(), words: left ?? undefined, num_doubtful: numDoubtful(left) },
    { ...segment, start, text: segment.text.slice(cut).trim(), words: right ?? undefined, num_doubtful: numDoubtful(right) },
  ];
}

function numDoubtful(words: readonly Word[] | null): number {
  return words?.filter((word) => word.confidence < DOUBTFUL_BELOW).length ?? 0;
}

function joined(first: Segment, second: Segment): Segment {
  const words = first.words && second.words ? [...first.words, ...second.words.map((word) => ({ ...word, speaker: first.speaker }))] : undefined;
  return {
    ...first,
    end: Math.max(first.end, second.end),
    text: tidy(`${first.text} ${second.text}`),
    words,
    num_doubtful: first.num_doubtful + second.num_doubtful,
  };
}

/** Words that stay at either end keep their times, and their doubts; what changed between them is spread over the time between. */
function retimed(segment: Segment, words: readonly Word[], text: string): Word[] {
  const now = spokenWords(text).map(({ word }) => word);
  const old = words.map(({ word }) => word.trim());
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const from = head > 0 ? words[head - 1]!.end : segment.start;
  const to = tail > 0 ? words[words.length - tail]!.start : segment.end;
  const fresh = now.slice(head, now.length - tail);
  const length = Math.max(1, fresh.join("").length);
  let said = 0;
  const spread = fresh.map((word): Word => {
    const start = from + ((to - from) * said) / length;
    said += word.length;
    return { start, end: from + ((to - from) * said) / length, word, confidence: 1, speaker: segment.speaker };
  });
  return [...words.slice(0, head), ...spread, ...words.slice(words.length - tail)];
}

/** Whether what was predicted stands among these, wherever exactly their lines end. */
export function isThere(predicted: readonly Segment[], current: readonly Segment[]): boolean {
  const middle = (segment: Segment) => (segment.start + segment.end) / 2;
  return (
    predicted.length > 0 &&
    predicted.every((wished) =>
      current.some((one) => one.text === wished.text && one.speaker === wished.speaker && one.start <= middle(wished) && middle(wished) <= one.end),
    )
  );
}
