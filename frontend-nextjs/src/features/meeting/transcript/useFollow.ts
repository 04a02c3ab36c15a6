"use client";
/** The transcript goes along with what is heard, until the reader scrolls; then it offers the way back. */
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { useAudio } from "../player";
import { bringIntoBand, isInBand } from "./band";
import type { Place } from "./useNowMarks";

const SCROLL_KEYS = ["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"];

export interface Follow {
  isFollowing: boolean;
  moved: (place: Place, isJump: boolean) => void;
  /** Back to what is heard. */
  resume: () => void;
  /** The reader goes somewhere else. */
  leave: () => void;
}

/** `show` makes a line exist that is too far away to be drawn. */
export function useFollow(list: RefObject<HTMLElement | null>, place: () => Place, show: (index: number) => void): Follow {
  const player = useAudio();
  const [isFollowing, setFollowing] = useState(() => player.now() < 1 || player.wasSought);
  const following = useRef(isFollowing);
  const follow = useCallback((is: boolean) => {
    following.current = is;
    setFollowing(is);
  }, []);

  useEffect(() => {
    const leave = () => following.current && follow(false);
    const key = (event: KeyboardEvent) => {
      if (SCROLL_KEYS.includes(event.key) && event.target instanceof Element && !event.target.closest("[role=slider], input, textarea, select, dialog")) leave();
    };
    // Left of the window's edge a press is none of ours; right of it is the scroll bar.
    const press = (event: MouseEvent) => event.clientX >= document.documentElement.clientWidth && leave();
    window.addEventListener("wheel", leave, { passive: true });
    window.addEventListener("touchmove", leave, { passive: true });
    window.addEventListener("keydown", key);
    window.addEventListener("mousedown", press);
    return () => {
      window.removeEventListener("wheel", leave);
      window.removeEventListener("touchmove", leave);
      window.removeEventListener("keydown", key);
      window.removeEventListener("mousedown", press);
    };
  }, [follow]);

  const bring = useCallback(
    ({ index, word }: Place) => {
      const line = list.current?.querySelector(`[data-index="${index}"]`);
      if (!line) return show(index);
      bringIntoBand((line.clientHeight > 240 && line.querySelector(`[data-w="${word}"]`)) || line);
    },
    [list, show],
  );

  const moved = useCallback(
    (now: Place, isJump: boolean) => {
      if (isJump && !following.current) follow(true);
      if (following.current && now.index >= 0) bring(now);
    },
    [bring, follow],
  );

  const resume = useCallback(() => {
    follow(true);
    bring(place());
  }, [bring, follow, place]);

  // Opened at a second (a quote's link): there it begins.
  useEffect(() => {
    if (!following.current || player.now() < 1) return;
    const frame = requestAnimationFrame(() => bring(place()));
    return () => cancelAnimationFrame(frame);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the transcript is there
  }, []);

  // Played again after a look elsewhere: it only goes along when what is heard is seen.
  useEffect(() => {
    let wasPlaying = player.state.isPlaying;
    return player.onState(() => {
      const began = player.state.isPlaying && !wasPlaying;
      wasPlaying = player.state.isPlaying;
      const line = began && !following.current ? list.current?.querySelector("[aria-current]") : null;
      if (line && isInBand(line)) follow(true);
    });
  }, [player, list, follow]);
  const leave = useCallback(() => follow(false), [follow]);
  return { isFollowing, moved, resume, leave };
}
