"use client";
/** Marks the line and the word that are heard, past React: sixty times a second nothing may be rendered.
 *
 * Owns `aria-current` of the lines and `data-now` of the words.
 */
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { useAudio } from "../player";
import { speakingAt, wordAt, type Segment } from "../segments";

export interface Place {
  /** Of the line that is heard; -1: nobody speaks. */
  index: number;
  word: number;
}

/** Farther than playing goes within a frame: somebody jumped. */
const JUMP_S = 1;

export function useNowMarks(list: RefObject<HTMLElement | null>, segments: readonly Segment[], moved: (place: Place, isJump: boolean) => void): RefObject<Place> {
  const player = useAudio();
  const place = useRef<Place>({ index: -1, word: -1 });
  const marked = useRef<{ line: Element | null; words: Element[] }>({ line: null, words: [] });
  const latest = useRef({ segments, moved });
  useLayoutEffect(() => {
    latest.current = { segments, moved };
  });

  useEffect(() => {
    let before_s = player.now();
    const look = (at_s: number) => {
      const known = latest.current.segments;
      const index = speakingAt(known, at_s);
      const word = index < 0 ? -1 : wordAt(known[index]?.words ?? [], at_s);
      const isJump = Math.abs(at_s - before_s) > JUMP_S;
      before_s = at_s;
      if (index === place.current.index && word === place.current.word && !isJump) return;
      place.current = { index, word };
      mark(list.current, place.current, marked.current);
      latest.current.moved(place.current, isJump);
    };
    look(player.now());
    return player.subscribe(look);
  }, [player, list]);

  // Lines come and go while one scrolls; words come later than their line.
  useLayoutEffect(() => {
    const index = speakingAt(segments, player.now());
    place.current = { index, word: index < 0 ? -1 : wordAt(segments[index]?.words ?? [], player.now()) };
    mark(list.current, place.current, marked.current);
  });
  return place;
}

function mark(list: HTMLElement | null, { index, word }: Place, marked: { line: Element | null; words: Element[] }): void {
  const line = index < 0 ? null : (list?.querySelector(`[data-index="${index}"]`) ?? null);
  const words = line && word >= 0 ? [...line.querySelectorAll(`[data-w="${word}"]`)] : [];
  if (line !== marked.line) {
    marked.line?.removeAttribute("aria-current");
    line?.setAttribute("aria-current", "true");
    marked.line = line;
  }
  for (const old of marked.words) if (!words.includes(old)) old.removeAttribute("data-now");
  for (const now of words) now.setAttribute("data-now", "");
  marked.words = words;
}
