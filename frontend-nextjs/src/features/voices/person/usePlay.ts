"use client";
/** One sample is heard at a time, whoever asks for it. */
import { useSyncExternalStore } from "react";

interface Playing {
  url: string | null;
  failed: string | null;
}

let playing: Playing = { url: null, failed: null };
let audio: HTMLAudioElement | null = null;
const listeners = new Set<() => void>();

function now(change: Playing): void {
  playing = change;
  listeners.forEach((listener) => listener());
}

function stop(): void {
  audio?.pause();
  audio = null;
  now({ url: null, failed: null });
}

function toggle(url: string): void {
  const wasPlaying = playing.url === url;
  stop();
  if (wasPlaying) return;
  const element = new Audio(url);
  audio = element;
  now({ url, failed: null });
  const isMine = () => audio === element;
  element.onended = () => isMine() && stop();
  element.onerror = () => isMine() && now({ url: null, failed: url });
  void element.play().catch((error: unknown) => {
    if (isMine() && !(error instanceof DOMException && error.name === "AbortError")) now({ url: null, failed: url });
  });
}

/** The last one who looks away turns it off. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) stop();
  };
}

export function usePlay(url: string) {
  const state = useSyncExternalStore(subscribe, () => playing, () => playing);
  return { isPlaying: state.url === url, hasFailed: state.failed === url, toggle: () => toggle(url) };
}
