"use client";
import { useTranslations } from "next-intl";
import { Progress } from "@/components/ui/Progress";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { clock, percent } from "@/lib/format";
import { CancelButton } from "./CancelButton";
import { Disclosure } from "./Disclosure";
import { speedOf, stepsOf } from "./progress";
import { RunFacts } from "./RunFacts";
import { RunHeading } from "./RunHeading";
import { RunWarnings } from "./RunWarnings";
import { Stepper } from "./Stepper";
import { useNow } from "./useNow";
import { useWaitText } from "./useWaitText";

/** Under way: how far, how fast, how long yet. In few lines where there is an earlier transcript to read below. */
export function ProcessingRun({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  const waitText = useWaitText();
  const now = useNow(true);
  const elapsed_s = meeting.started_at ? Math.max(0, (now - new Date(meeting.started_at).getTime()) / 1000) : 0;
  const { remaining_s, is_rough: isRough } = meeting.estimate;
  const speed = isRough ? null : speedOf(meeting.duration_s, elapsed_s, remaining_s);
  const figures = [
    remaining_s === null ? null : { term: t("remaining"), value: `${waitText(remaining_s)}${isRough ? ` ${t("rough")}` : ""}` },
    { term: t("elapsed"), value: clock(elapsed_s) },
    speed === null ? null : { term: t("speed"), value: t("speedValue", { times: speed }) },
  ].filter((figure) => figure !== null);
  return (
    <section aria-labelledby="run-heading" className="flex flex-col gap-5">
      <RunHeading percent={percent(meeting.percent / 100, language)}>{meeting.is_cancel_requested ? t("cancelling") : t("status.PROCESSING")}</RunHeading>
      <Progress percent={meeting.percent} label={t("progress")} />
      <dl className="flex flex-wrap gap-x-8 gap-y-3">
        {figures.map(({ term, value }) => (
          <div key={term}>
            <dt className="text-xs text-ink-faint">{term}</dt>
            <dd className="tabular text-base text-ink">{value}</dd>
          </div>
        ))}
      </dl>
      {meeting.has_results ? (
        <>
          {meeting.stage && <p className="text-ink-soft">{t(`stage.${meeting.stage}`)}</p>}
          <Disclosure label={t("stages")}>
            <Stepper steps={stepsOf(meeting)} />
          </Disclosure>
        </>
      ) : (
        <>
          <Stepper steps={stepsOf(meeting)} />
          <RunFacts meeting={meeting} />
        </>
      )}
      <RunWarnings warnings={meeting.warnings} />
      {meeting.attempt > 1 && <p className="text-sm text-ink-faint">{t("attempt", { attempt: meeting.attempt, of: meeting.max_attempts })}</p>}
      <p className="text-sm text-ink-faint">{meeting.has_results ? t("earlierStays") : t("mayClose")}</p>
      <CancelButton meeting={meeting} elapsed_s={elapsed_s} />
    </section>
  );
}
