"use client";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { memo } from "react";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { useLanguage } from "@/features/shell/Language";
import { isUnderWay, type MeetingSummary } from "@/lib/api/meetings";
import { day, duration } from "@/lib/format";
import { dayOfMeeting } from "./groups";
import type { Asked } from "./MeetingsPage";
import { RowMenu } from "./RowMenu";
import { RowStatus } from "./RowStatus";
import { rowId } from "./useRows";

const DOTS = 4;

export const MeetingRow = memo(function MeetingRow({ meeting, onAsk }: { meeting: MeetingSummary; onAsk: (what: Asked, meeting: MeetingSummary) => void }) {
  return (
    <li
      data-meeting={meeting.id}
      className="group relative -mx-3 grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-b border-line px-3 py-4 hover:bg-sunken focus-within:bg-sunken sm:grid-cols-[minmax(0,1fr)_14rem_auto]"
    >
      <span aria-hidden className="absolute inset-y-0 left-0 w-0.5 bg-accent opacity-0 group-focus-within:opacity-100" />
      <div className="min-w-0">
        <h3 className="font-serif text-lg leading-snug font-semibold wrap-anywhere">
          <Link
            prefetch={false}
            id={rowId(meeting.id)}
            href={`/meetings/${meeting.id}`}
            className="scroll-my-24 after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
          >
            {meeting.title}
          </Link>
        </h3>
        <Facts meeting={meeting} />
      </div>
      <Speakers meeting={meeting} />
      <div className="relative max-sm:col-start-2 max-sm:row-start-1 max-sm:self-start">
        <RowMenu meeting={meeting} onAsk={onAsk} />
      </div>
      {meeting.status !== "COMPLETED" && (
        <div className="col-span-full">
          <RowStatus meeting={meeting} />
        </div>
      )}
    </li>
  );
});

function Facts({ meeting }: { meeting: MeetingSummary }) {
  const t = useTranslations("meetings");
  const { language } = useLanguage();
  const when = dayOfMeeting(meeting);
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-ink-soft">
      <time dateTime={when}>{day(when, language)}</time>
      {meeting.duration_s !== null && (
        <>
          <span aria-hidden>·</span>
          <span className="tabular">{duration(meeting.duration_s, language)}</span>
        </>
      )}
      {meeting.tags.length > 0 && (
        <>
          <span aria-hidden>·</span>
          <span className="sr-only">{t("tags")}</span>
          {meeting.tags.map((tag) => (
            <span key={tag} className="rounded-full border border-line px-2 py-px text-xs">
              {tag}
            </span>
          ))}
        </>
      )}
    </p>
  );
}

function Speakers({ meeting }: { meeting: MeetingSummary }) {
  const t = useTranslations("meetings");
  const named = meeting.speakers ?? [];
  const total = Math.max(meeting.num_speakers ?? 0, named.length);
  if (total === 0 || (isUnderWay(meeting) && named.length === 0)) return <span className="max-sm:hidden" />;
  if (named.length === 0) return <p className="text-sm text-ink-faint max-sm:col-span-full">{t("speakers", { count: total })}</p>;
  const shown = named.slice(0, DOTS);
  return (
    <div className="flex min-w-0 items-center gap-2.5 max-sm:col-span-full">
      <span className="flex shrink-0 -space-x-1.5">
        {shown.map((speaker) => (
          <SpeakerDot key={speaker.label} label={speaker.label} name={speaker.name} size="sm" />
        ))}
      </span>
      <p className="line-clamp-2 text-sm text-ink-soft">
        <span className="sr-only">{t("speakersAre")} </span>
        {named.map((speaker) => speaker.name).join(", ")}
        {total > named.length && <span className="text-ink-faint">{t("others", { count: total - named.length })}</span>}
      </p>
    </div>
  );
}
