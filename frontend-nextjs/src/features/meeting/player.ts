"use client";
/** The one audio element of the meeting page, for whoever wants something to be heard. */
import { createContext, useContext } from "react";

export interface Player {
  /** Plays from here; with `end_s`, stops there. */
  play: (start_s: number, end_s?: number) => void;
  pause: () => void;
  toggle: () => void;
  seek: (at_s: number) => void;
  isPlaying: boolean;
  /** Where it is now, without rendering again sixty times a second. */
  now: () => number;
  /** Called some ten times a second while it plays, and after each seek. */
  subscribe: (listener: (at_s: number) => void) => () => void;
}

export const PlayerContext = createContext<Player | null>(null);

export function usePlayer(): Player {
  const player = useContext(PlayerContext);
  if (!player) throw new Error("usePlayer() stands outside the meeting page");
  return player;
}
