"use client";
import { useTranslations } from "next-intl";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { CancelButton } from "./CancelButton";
import { RunFacts } from "./RunFacts";
import { RunHeading } from "./RunHeading";
import { useFailureText } from "./useFailureText";
import { useNow } from "./useNow";
import { useWaitText } from "./useWaitText";

/** In the queue: at which place, when it will be its turn, and what is missing for that. */
export function WaitingRun({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  const waitText = useWaitText();
  const failureText = useFailureText();
  const now = useNow(meeting.next_attempt_at !== null);
  const { queue_place: place, starts_in_s: startsIn_s, remaining_s: remaining_s, is_rough: isRough } = meeting.estimate;
  const retryAt = meeting.failure && meeting.next_attempt_at && new Date(meeting.next_attempt_at).getTime() > now ? meeting.next_attempt_at : null;
  return (
    <section aria-labelledby="run-heading" className="flex flex-col gap-5">
      <RunHeading>{t("status.PENDING")}</RunHeading>
      <div className="flex flex-col gap-1.5 text-base text-ink-soft">
        {place !== null && <p>{place === 0 ? t("waiting.next") : t("waiting.place", { count: place })}</p>}
        {startsIn_s !== null && !retryAt && <p>{startsIn_s < 8 ? t("waiting.startsNow") : t("waiting.startsIn", { time: waitText(startsIn_s) })}</p>}
        {remaining_s !== null && (
          <p>
            {t("waiting.readyIn", { time: waitText(remaining_s) })} {isRough && <span className="text-ink-faint">{t("rough")}</span>}
          </p>
        )}
      </div>
      {startsIn_s === null && (
        <Notice tone="warning" title={t("waiting.noWorker")}>
          {t("waiting.noWorkerBody")}
        </Notice>
      )}
      {retryAt && meeting.failure && (
        <Notice tone="warning" title={t("waiting.again", { attempt: meeting.attempt + 1, of: meeting.max_attempts, at: timeOf(retryAt, language) })}>
          {failureText(meeting.failure)}
        </Notice>
      )}
      {!meeting.has_results && <RunFacts meeting={meeting} />}
      <p className="text-sm text-ink-faint">{meeting.has_results ? t("earlierStays") : t("mayClose")}</p>
      <CancelButton meeting={meeting} elapsed_s={0} />
    </section>
  );
}

function timeOf(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));
}
