"use client";
/** What a meeting without (new) results is at: live progress, its place in the queue, or why it failed. */
import { useTranslations } from "next-intl";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { Progress } from "@/components/ui/Progress";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { ApiError } from "@/lib/api/client";
import { useRetryMeeting, type MeetingSummary } from "@/lib/api/meetings";
import { duration, percent } from "@/lib/format";

export function RowStatus({ meeting }: { meeting: MeetingSummary }) {
  if (meeting.status === "PROCESSING") return <Working meeting={meeting} />;
  if (meeting.status === "PENDING") return <Waiting meeting={meeting} />;
  return <Stopped meeting={meeting} />;
}

function Working({ meeting }: { meeting: MeetingSummary }) {
  const t = useTranslations("meetings");
  const { language } = useLanguage();
  const left = meeting.remaining_s;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-sm">
      <Progress percent={meeting.percent} label={t("progressOf", { title: meeting.title })} className="w-full sm:w-64" />
      <span className="text-ink-soft">
        {meeting.stage ? t(`stage.${meeting.stage}`) : t("starting")}
        <span className="tabular text-ink">{` ${percent(meeting.percent / 100, language)}`}</span>
      </span>
      {typeof left === "number" && <span className="text-ink-faint">{left < 10 ? t("leftSoon") : t("left", { time: duration(left, language) })}</span>}
    </div>
  );
}

function Waiting({ meeting }: { meeting: MeetingSummary }) {
  const t = useTranslations("meetings");
  const place = meeting.queue_place;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-soft">
      <Badge>{t("status.PENDING")}</Badge>
      {typeof place === "number" && (place === 0 ? t("next") : t("queuePlace", { count: place }))}
      {meeting.attempt > 1 && meeting.failure && <span>{t("again", { attempt: meeting.attempt })}</span>}
    </p>
  );
}

function Stopped({ meeting }: { meeting: MeetingSummary }) {
  const t = useTranslations("meetings");
  const errorText = useErrorText();
  const say = useToast();
  const retry = useRetryMeeting();
  const hasFailed = meeting.status === "FAILED";
  const failure = meeting.failure;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm max-sm:flex-col max-sm:items-start">
      <Badge tone={hasFailed ? "danger" : "neutral"}>{hasFailed ? t("status.FAILED") : t("status.CANCELLED")}</Badge>
      {hasFailed && failure && (
        <p className="min-w-0 text-ink-soft sm:flex-1 sm:basis-60">{errorText(new ApiError({ status: 0, code: failure.code, detail: failure.message }))}</p>
      )}
      <Button
        size="sm"
        className="relative max-sm:h-10"
        isBusy={retry.isPending}
        onClick={() => retry.mutate(meeting.id, { onError: (error) => say(errorText(error), { kind: "error" }) })}
      >
        {t("retry")}
      </Button>
    </div>
  );
}
