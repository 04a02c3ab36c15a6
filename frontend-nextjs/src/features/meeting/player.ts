"use client";
/** The one audio element of the meeting page, for whoever wants something to be heard. */
import { createContext, useContext, useMemo, useSyncExternalStore } from "react";
import type { AudioPlayer, PlayerState } from "./player/AudioPlayer";

export interface Player {
  /** Plays from here; with `end_s`, stops there. */
  play: (start_s: number, end_s?: number) => void;
  pause: () => void;
  toggle: () => void;
  seek: (at_s: number) => void;
  isPlaying: boolean;
  /** Where it is now, without rendering again sixty times a second. */
  now: () => number;
  /** Called at every frame while it plays, and after each seek: do little. */
  subscribe: (listener: (at_s: number) => void) => () => void;
}

/** The object stays the same as long as the meeting does. */
export const PlayerContext = createContext<AudioPlayer | null>(null);

/** For those who only want to make it sound: never renders again. */
export function useAudio(): AudioPlayer {
  const player = useContext(PlayerContext);
  if (!player) throw new Error("usePlayer() stands outside the meeting page");
  return player;
}

export function usePlayer(): Player {
  const player = useAudio();
  const isPlaying = useSyncExternalStore(player.onState, () => player.state.isPlaying);
  return useMemo(() => {
    const { play, pause, toggle, seek, now, subscribe } = player;
    return { play, pause, toggle, seek, now, subscribe, isPlaying };
  }, [player, isPlaying]);
}

export function usePlayerState(): PlayerState {
  const player = useAudio();
  return useSyncExternalStore(player.onState, player.getState);
}
