"use client";
/** All speakers of the meeting, with talk time, how they came by their names, and what may be done about it. */
import { useTranslations } from "next-intl";
import { useId, useMemo } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useTranscript } from "@/features/meeting/model";
import { useErrorText } from "@/features/shell/useErrorText";
import { useSpeakers } from "@/lib/api/speakers";
import { talkers } from "./shares";
import { SpeakerRow } from "./SpeakerRow";

export function SpeakersPanel({ meetingId }: { meetingId: string }) {
  const t = useTranslations();
  const errorText = useErrorText();
  const titleId = useId();
  const speakers = useSpeakers(meetingId);
  const { segments } = useTranscript(meetingId, false);
  const all = useMemo(() => talkers(speakers.data ?? [], segments), [speakers.data, segments]);
  const isWaiting = speakers.isPending || segments.length === 0;
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId} className="mb-2 font-serif text-lg font-semibold">
        {t("naming.speakers")}
        {all.length > 0 && <span className="ml-2 font-sans text-sm font-normal text-ink-faint">{all.length}</span>}
      </h2>
      {speakers.isError && !speakers.data ? (
        <Notice tone="danger" actions={<Button size="sm" onClick={() => void speakers.refetch()}>{t("common.retry")}</Button>}>
          {errorText(speakers.error)}
        </Notice>
      ) : isWaiting ? (
        <div role="status" aria-busy="true" aria-label={t("common.loading")} className="flex flex-col gap-3">
          {[0, 1, 2].map((row) => <Skeleton key={row} className="h-14" />)}
        </div>
      ) : all.length === 0 ? (
        <p className="text-ink-soft">{t("naming.noSpeakers")}</p>
      ) : (
        <ul className="divide-y divide-line">
          {all.map((talker) => (
            <SpeakerRow key={talker.speaker.label} meetingId={meetingId} talker={talker} />
          ))}
        </ul>
      )}
    </section>
  );
}
