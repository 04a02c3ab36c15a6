/** A transcript as values: patched, grouped, searched by time. Knows nothing of React and nothing of the network. */
import type { Schemas } from "@/lib/api/client";

export type Word = Schemas["AttributedWordPart"];

export interface Segment {
  /** Its place in the whole transcript, from 0; the same segment has another one after a split before it. */
  index: number;
  start: number;
  end: number;
  speaker: string | null;
  name: string | null;
  language: string;
  confidence: number | null;
  text: string;
  /** Missing until somebody looked at this part: `useTranscript().needWords`. */
  words?: Word[] | null;
  num_doubtful: number;
  /** The standing correction that made it what it is; null: the machine's. */
  edit_id: string | null;
}

/** The lines that an edit replaced, as the service answers it. */
export interface Change {
  from_index: number;
  num_removed: number;
  segments: Segment[];
}

/** Below it a word may be wrong. The service counts `num_doubtful` by the same figure. */
export const DOUBTFUL_BELOW = 0.5;

/** Lays an edit over the lines. Those after it keep their objects where their place stays, so that nothing is drawn again. */
export function patched(segments: readonly Segment[], change: Change): Segment[] {
  const shift = change.segments.length - change.num_removed;
  const before = segments.slice(0, change.from_index);
  const after = segments.slice(change.from_index + change.num_removed);
  const moved = shift === 0 ? after : after.map((segment) => ({ ...segment, index: segment.index + shift }));
  return before.concat(change.segments, moved);
}

function sameLine(one: Segment, other: Segment): boolean {
  return one.start === other.start && one.end === other.end && one.speaker === other.speaker && one.text === other.text;
}

/** Lines that were read again, with what is known of the same lines already: words, and the very object where nothing
 * changed. Both by start. */
export function merged(known: readonly Segment[], read: readonly Segment[]): Segment[] {
  let at = 0;
  return read.map((segment) => {
    while (at < known.length && known[at]!.start < segment.start) at += 1;
    for (let i = at; known[i]?.start === segment.start; i += 1) {
      const old = known[i]!;
      // A confirmation changes the words' confidence and nothing else of the line: its words are read again.
      if (!sameLine(old, segment) || old.num_doubtful !== segment.num_doubtful) continue;
      if (old.index === segment.index && old.name === segment.name && old.edit_id === segment.edit_id) return old;
      return { ...segment, words: segment.words ?? old.words };
    }
    return segment;
  });
}

/** Lays words into the lines they belong to; others stay the same objects, and so does the list where there were none to
 * lay: an unsent correction has no words to be read, and asking for them again and again would never end. */
export function withWords(segments: Segment[], read: readonly Segment[]): Segment[] {
  const result = segments.slice();
  let isNew = false;
  for (const line of read) {
    const old = result[line.index];
    if (!old || old.words || !line.words || !sameLine(old, line)) continue;
    result[line.index] = { ...old, words: line.words };
    isNew = true;
  }
  return isNew ? result : segments;
}

/** The first and last line of `from..to` whose words are not known; null: all are. */
export function missingWords(segments: readonly Segment[], from: number, to: number): { from: number; to: number } | null {
  let [first, last] = [-1, -1];
  for (let i = Math.max(0, from); i <= Math.min(to, segments.length - 1); i += 1) {
    if (segments[i]?.words) continue;
    if (first < 0) first = i;
    last = i;
  }
  return first < 0 ? null : { from: first, to: last };
}

/** The last one that began at `at_s` or before; -1: none has. */
export function lastStarted(items: readonly { start: number }[], at_s: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.start <= at_s) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const LOOK_BACK = 8;

/** Who speaks: the latest line that still goes on, else -1. Lines may overlap. */
export function speakingAt(segments: readonly Segment[], at_s: number): number {
  const last = lastStarted(segments, at_s);
  for (let i = last; i >= 0 && i > last - LOOK_BACK; i -= 1) if (segments[i]!.end >= at_s) return i;
  return -1;
}

/** The word that is heard: it stays until the next one begins, but not through a pause. */
export function wordAt(words: readonly Word[], at_s: number): number {
  const last = lastStarted(words, at_s);
  const word = words[last];
  return word && at_s <= word.end + 0.4 ? last : -1;
}

/** Whether a line begins a turn: somebody else spoke before. */
export function beginsTurn(segments: readonly Segment[], index: number): boolean {
  const [before, here] = [segments[index - 1], segments[index]];
  return !before || before.speaker !== here?.speaker || before.name !== here.name;
}

export interface Stretch {
  start: number;
  end: number;
}

/** Where nobody speaks for longer than `least_s`, `margin_s` of it left standing at both ends. By start. */
export function silences(segments: readonly Segment[], duration_s: number, least_s = 1.5, margin_s = 0.3): Stretch[] {
  const found: Stretch[] = [];
  let spoken_until = 0;
  const add = (start: number, end: number) => {
    if (end - start >= least_s) found.push({ start: start === 0 ? 0 : start + margin_s, end: end - margin_s });
  };
  for (const { start, end } of segments) {
    if (start > spoken_until) add(spoken_until, start);
    spoken_until = Math.max(spoken_until, end);
  }
  if (segments.length > 0) add(spoken_until, duration_s);
  return found;
}

/** The silence that `at_s` lies in. */
export function silenceAt(stretches: readonly Stretch[], at_s: number): Stretch | null {
  const stretch = stretches[lastStarted(stretches, at_s)];
  return stretch && at_s < stretch.end ? stretch : null;
}

/** How long each label speaks, longest first. */
export function talkTimes(segments: readonly Segment[]): { label: string | null; name: string | null; seconds: number }[] {
  const totals = new Map<string | null, { label: string | null; name: string | null; seconds: number }>();
  for (const { speaker, name, start, end } of segments) {
    const total = totals.get(speaker);
    if (total) total.seconds += end - start;
    else totals.set(speaker, { label: speaker, name, seconds: end - start });
  }
  return [...totals.values()].sort((one, other) => other.seconds - one.seconds);
}
