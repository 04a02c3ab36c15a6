"use client";
/** What the meeting page stands in: one player, one set of corrections. */
import { useEffect, useState } from "react";
import { CorrectionsProvider } from "@/features/corrections";
import { useMe } from "@/lib/api/me";
import type { Meeting } from "@/lib/api/meetings";
import { playbackUrl } from "@/lib/api/recordings";
import { useMeetingEvents } from "@/lib/live";
import { PlayerContext } from "../player";
import { AudioPlayer } from "../player/AudioPlayer";
import { announce } from "../player/mediaSession";
import { MeetingBody } from "./MeetingBody";

export function MeetingRoom({ meeting }: { meeting: Meeting }) {
  const { id, title, duration_s, has_recording: hasRecording } = meeting;
  const [player] = useState(() => new AudioPlayer(id, hasRecording ? playbackUrl(id) : null, duration_s ?? 0));
  const me = useMe().data;
  useMeetingEvents(id, !me || me.user.id === meeting.owner.id);
  useEffect(() => player.setDuration(duration_s ?? 0), [player, duration_s]);
  useEffect(() => (player.hasSound ? announce(player, title) : undefined), [player, title]);
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
