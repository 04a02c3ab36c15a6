"use client";
import { RotateCcw } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import type { Schemas } from "@/lib/api/client";
import { RunFacts } from "./RunFacts";
import { RunHeading } from "./RunHeading";
import { useRetry } from "./useRetry";

export function CancelledRun({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const t = useTranslations("running");
  const { retry, isRetrying } = useRetry(meeting.id);
  return (
    <section aria-labelledby="run-heading" className="flex flex-col gap-5">
      <RunHeading>{t("status.CANCELLED")}</RunHeading>
      <p className="text-base text-ink-soft">{meeting.has_results ? t("cancelledKept") : t("cancelledBody")}</p>
      {!meeting.has_results && <RunFacts meeting={meeting} />}
      <div>
        <Button kind="primary" onClick={retry} isBusy={isRetrying}>
          <RotateCcw aria-hidden />
          {t("goOnWithIt")}
        </Button>
      </div>
    </section>
  );
}
