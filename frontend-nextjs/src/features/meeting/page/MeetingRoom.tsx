"use client";
/** What the meeting page stands in: one player, one set of corrections. */
import { useEffect, useState } from "react";
import { CorrectionsProvider } from "@/features/corrections";
import type { Meeting } from "@/lib/api/meetings";
import { playbackUrl } from "@/lib/api/recordings";
import { PlayerContext } from "../player";
import { AudioPlayer } from "../player/AudioPlayer";
import { announce } from "../player/mediaSession";
import { MeetingBody } from "./MeetingBody";

export function MeetingRoom({ meeting }: { meeting: Meeting }) {
  const { id, title, duration_s } = meeting;
  const [player] = useState(() => new AudioPlayer(id, playbackUrl(id), duration_s ?? 0));
  useEffect(() => player.setDuration(duration_s ?? 0), [player, duration_s]);
  useEffect(() => announce(player, title), [player, title]);
  useEffect(() => {
    window.addEventListener("pagehide", player.remember);
    return () => {
      window.removeEventListener("pagehide", player.remember);
      player.close();
    };
  }, [player]);
  return (
    <PlayerContext value={player}>
      <CorrectionsProvider meetingId={id}>
        <MeetingBody meeting={meeting} />
      </CorrectionsProvider>
    </PlayerContext>
  );
}
