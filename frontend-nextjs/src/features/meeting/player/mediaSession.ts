/** The keys of a keyboard or headset, and what the system shows while it plays. */
import type { AudioPlayer } from "./AudioPlayer";

export function announce(player: AudioPlayer, title: string): () => void {
  if (!("mediaSession" in navigator)) return () => undefined;
  const session = navigator.mediaSession;
  session.metadata = new MediaMetadata({ title, artist: "Smart Meeting Scribe" });
  const handlers: [MediaSessionAction, MediaSessionActionHandler][] = [
    ["play", () => player.toggle()],
    ["pause", () => player.pause()],
    ["seekbackward", ({ seekOffset }) => player.step(-(seekOffset ?? 5))],
    ["seekforward", ({ seekOffset }) => player.step(seekOffset ?? 5)],
    ["seekto", ({ seekTime }) => seekTime !== undefined && player.seek(seekTime)],
  ];
  for (const [action, handler] of handlers) session.setActionHandler(action, handler);
  const stop = player.onState(() => {
    const { isPlaying, duration_s, rate } = player.state;
    session.playbackState = isPlaying ? "playing" : "paused";
    if (duration_s > 0) session.setPositionState({ duration: duration_s, playbackRate: rate, position: Math.min(player.now(), duration_s) });
  });
  return () => {
    stop();
    session.metadata = null;
    for (const [action] of handlers) session.setActionHandler(action, null);
  };
}
