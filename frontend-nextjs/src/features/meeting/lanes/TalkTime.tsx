"use client";
/** Who spoke how long: a bar of shares, and the table it is drawn from. */
import { useTranslations } from "next-intl";
import { useMemo } from "react";
import { useLanguage } from "@/features/shell/Language";
import { duration, percent } from "@/lib/format";
import { speakerColour } from "@/lib/speakers";
import { useAudio } from "../player";
import { talkTimes, type Segment } from "../segments";
import { useSpeakerLabel } from "../useSpeakerLabel";
import { nextTurnOf } from "./turns";

export function TalkTime({ segments }: { segments: readonly Segment[] }) {
  const t = useTranslations("meeting");
  const { language } = useLanguage();
  const player = useAudio();
  const label = useSpeakerLabel();
  const speakers = useMemo(() => talkTimes(segments), [segments]);
  const all_s = speakers.reduce((sum, speaker) => sum + speaker.seconds, 0);
  if (all_s === 0) return null;
  const hearNext = (speaker: string | null) => {
    const line = nextTurnOf(segments, speaker, player.now());
    if (line) player.play(line.start);
  };
  return (
    <section aria-labelledby="talk-time">
      <h2 id="talk-time" className="mb-2.5 font-serif text-lg font-semibold">
        {t("talk.title")}
      </h2>
      <div aria-hidden className="mb-3 flex h-2.5 gap-0.5 overflow-hidden rounded-full">
        {speakers.map((speaker) => (
          <div
            key={speaker.label ?? "none"}
            data-speaker={speakerColour(speaker.label)}
            onClick={() => hearNext(speaker.label)}
            className="min-w-0.5 cursor-pointer bg-speaker"
            style={{ flexGrow: speaker.seconds }}
          />
        ))}
      </div>
      <details>
        <summary className="inline-flex min-h-8 cursor-pointer items-center rounded-sm text-xs max-sm:min-h-10 text-ink-soft hover:text-ink hover:underline">{t("talk.table")}</summary>
      <table className="w-full text-sm">
        <thead className="sr-only">
          <tr>
            <th scope="col">{t("talk.speaker")}</th>
            <th scope="col">{t("talk.time")}</th>
            <th scope="col">{t("talk.share")}</th>
          </tr>
        </thead>
        <tbody>
          {speakers.map((speaker) => {
            const name = label(speaker.label, speaker.name);
            return (
              <tr key={speaker.label ?? "none"}>
                <th scope="row" className="max-w-0 py-0.5 text-left font-normal">
                  <button
                    type="button"
                    aria-label={t("lanes.hear", { name })}
                    onClick={() => hearNext(speaker.label)}
                    className="flex min-h-8 max-sm:min-h-10 w-full min-w-0 items-center gap-2 rounded-sm text-left hover:underline"
                  >
                    <span aria-hidden data-speaker={speakerColour(speaker.label)} className="size-2.5 shrink-0 rounded-full bg-speaker" />
                    <span className="truncate">{name}</span>
                  </button>
                </th>
                <td className="tabular w-20 text-right text-ink-soft">{duration(speaker.seconds, language)}</td>
                <td className="tabular w-14 text-right text-ink-faint">{percent(speaker.seconds / all_s, language)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      </details>
    </section>
  );
}
