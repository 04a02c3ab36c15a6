"use client";
import { RefreshCw } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { Failed } from "@/components/ui/Failed";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useAppearances, type Appearance, type PersonDetail } from "@/lib/api/people";
import { useRecognise } from "@/lib/api/voices";
import { day } from "@/lib/format";

export function MeetingsSection({ person }: { person: PersonDetail }) {
  const t = useTranslations("voices");
  const say = useToast();
  const errorText = useErrorText();
  const meetings = useAppearances(person.id);
  const recognise = useRecognise();
  const items = meetings.data?.pages.flatMap((page) => page.items) ?? [];
  const again = () =>
    recognise.mutate(
      { person_id: person.id },
      {
        onSuccess: ({ meetings: count }) => say(t("meetings.asked", { count })),
        onError: (error) => say(errorText(error), { kind: "error" }),
      },
    );
  return (
    <Section title={t("meetings.title")} about={t("meetings.about")}>
      {meetings.isPending && <Skeleton className="h-24" />}
      {meetings.isError && <Failed error={meetings.error} onRetry={() => void meetings.refetch()} />}
      {meetings.data && items.length === 0 && <p className="text-ink-soft">{t("meetings.none")}</p>}
      <ul className="divide-y divide-line">
        {items.map((meeting) => (
          <MeetingLine key={meeting.meeting_id} meeting={meeting} />
        ))}
      </ul>
      <div className="mt-4 flex flex-wrap items-center gap-3">
        {meetings.hasNextPage && (
          <Button size="sm" className="max-sm:h-10" isBusy={meetings.isFetchingNextPage} onClick={() => void meetings.fetchNextPage()}>
            {t("showMore")}
          </Button>
        )}
        {person.may_change && person.num_voiceprints > 0 && (
          <div>
            <Button isBusy={recognise.isPending} onClick={again}>
              <RefreshCw aria-hidden />
              {t("meetings.recognise")}
            </Button>
            <p className="mt-1.5 max-w-prose text-xs text-ink-faint">{t("meetings.recogniseHint")}</p>
          </div>
        )}
      </div>
    </Section>
  );
}

function MeetingLine({ meeting }: { meeting: Appearance }) {
  const t = useTranslations("voices.meetings");
  const { language } = useLanguage();
  const naming = meeting.speakers[0]?.naming;
  return (
    <li className="relative flex items-center gap-3 py-3 hover:bg-sunken">
      <div className="min-w-0 flex-1">
        <Link prefetch={false} href={`/meetings/${meeting.meeting_id}`} className="block truncate font-medium before:absolute before:inset-0">
          {meeting.title}
        </Link>
        <p className="text-xs text-ink-faint">{day(meeting.held_on ?? meeting.created_at, language)}</p>
      </div>
      {naming && <Badge tone={naming === "confirmed" ? "success" : "neutral"}>{t(`naming.${naming}`)}</Badge>}
    </li>
  );
}
