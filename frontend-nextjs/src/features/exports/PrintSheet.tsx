"use client";
/** The whole meeting on paper: facts, who spoke, what was said. On the screen there is nothing of it. */
import { useTranslations } from "next-intl";
import { createPortal } from "react-dom";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { useMeeting } from "@/lib/api/meetings";
import { clock, day, duration, percent } from "@/lib/format";
import "./print.css";
import { turnsOf } from "./turns";
import { useSpeakerText } from "./useSpeakerText";

export function PrintSheet({ meetingId, title, transcript }: { meetingId: string; title: string; transcript: Schemas["TranscriptOut"] | null }) {
  const t = useTranslations("exports");
  const { language } = useLanguage();
  const meeting = useMeeting(meetingId).data;
  const speakerText = useSpeakerText();
  if (transcript === null) return null;
  return createPortal(
    <article className="print-sheet" lang={transcript.language ?? undefined}>
      <header lang={language}>
        <h1>{title}</h1>
        <p>
          {meeting && `${day(meeting.held_on ?? meeting.created_at, language)} · `}
          {duration(transcript.duration_s, language)}
        </p>
        <dl>
          {transcript.speakers.map((speaker) => (
            <div key={speaker.label}>
              <dt>{speakerText({ speaker: speaker.label, name: speaker.name })}</dt>
              <dd>{t("talkTime", { time: clock(speaker.speech_s), share: percent(speaker.share, language) })}</dd>
            </div>
          ))}
        </dl>
      </header>
      {turnsOf(transcript.segments).map((turn, number) => (
        <section key={number}>
          <h2>
            {speakerText(turn)} <time>{clock(turn.start_s)}</time>
          </h2>
          {turn.paragraphs.map((paragraph, at) => (
            <p key={at}>{paragraph}</p>
          ))}
        </section>
      ))}
    </article>,
    document.body,
  );
}
