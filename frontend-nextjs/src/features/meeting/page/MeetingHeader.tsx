"use client";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { Fragment } from "react";
import { Badge } from "@/components/ui/Badge";
import { Skeleton } from "@/components/ui/Skeleton";
import { useLanguage } from "@/features/shell/Language";
import type { Meeting } from "@/lib/api/meetings";
import { day, duration } from "@/lib/format";
import { TitleEditor } from "./TitleEditor";

/** What may be done with it comes after what is to be read. */
const ExportMenu = dynamic(() => import("@/features/exports/ExportMenu").then((found) => found.ExportMenu), { ssr: false, loading: () => <NoExportMenu /> });
const MeetingMenu = dynamic(() => import("@/features/running/MeetingMenu").then((found) => found.MeetingMenu), { ssr: false, loading: () => <NoMeetingMenu /> });
const NoExportMenu = () => <Skeleton className="h-10 w-32" />;
const NoMeetingMenu = () => <Skeleton className="size-10" />;

export function MeetingHeader({ meeting, isAfterReading }: { meeting: Meeting; isAfterReading: boolean }) {
  const t = useTranslations("meeting");
  const { language } = useLanguage();
  const facts = [
    day(meeting.held_on ?? meeting.created_at, language),
    meeting.duration_s !== null && duration(meeting.duration_s, language),
    meeting.has_results && meeting.num_speakers !== null && t("speakers", { count: meeting.num_speakers }),
    meeting.has_results && meeting.num_words !== null && t("words", { count: meeting.num_words }),
  ].filter((fact) => fact !== false);
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 pt-8 pb-5 max-sm:pt-5">
      <div className="min-w-0 flex-1 basis-72">
        <TitleEditor meeting={meeting} />
        <p className="mt-2 flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-ink-soft">
          {facts.map((fact, i) => (
            <Fragment key={fact}>
              {i > 0 && (
                <span aria-hidden className="text-line-strong">
                  ·
                </span>
              )}
              <span>{fact}</span>
            </Fragment>
          ))}
          {meeting.tags.map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </p>
      </div>
      <div className="flex items-center gap-2 print:hidden">
        {meeting.has_results && (isAfterReading ? <ExportMenu meetingId={meeting.id} title={meeting.title} /> : <NoExportMenu />)}
        {isAfterReading ? <MeetingMenu meeting={meeting} /> : <NoMeetingMenu />}
      </div>
    </header>
  );
}
