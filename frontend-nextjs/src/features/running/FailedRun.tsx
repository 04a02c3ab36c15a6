"use client";
import { Download, RotateCcw, SlidersHorizontal, Trash2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import type { Schemas } from "@/lib/api/client";
import { recordingUrl } from "@/lib/api/recordings";
import { Disclosure } from "./Disclosure";
import { failureKind } from "./progress";
import { RunFacts } from "./RunFacts";
import { RunHeading } from "./RunHeading";
import { useFailureText } from "./useFailureText";
import { useRetry } from "./useRetry";

const RerunDialog = dynamic(() => import("./RerunDialog").then((module) => module.RerunDialog), { ssr: false });
const DeleteDialog = dynamic(() => import("@/features/meetings/DeleteDialog").then((module) => module.DeleteDialog), { ssr: false });

/** What went wrong in plain words, whose turn it is, and every way on from here. */
export function FailedRun({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const t = useTranslations("running");
  const router = useRouter();
  const failureText = useFailureText();
  const { retry, isRetrying } = useRetry(meeting.id);
  const [dialog, setDialog] = useState<"rerun" | "delete" | null>(null);
  const failure = meeting.failure ?? { code: "internal.error", message: "", stage: null };
  const kind = failureKind(failure.code);
  return (
    <section aria-labelledby="run-heading" className="flex flex-col gap-5">
      <div className="flex flex-col gap-3 border-l-2 border-danger pl-4">
        <RunHeading>{t(`failed.${kind}`)}</RunHeading>
        <p className="text-base text-ink">{failureText(failure)}</p>
        <p className="text-ink-soft">{meeting.has_results ? t("failedKept") : t(`todo.${kind}`)}</p>
      </div>
      <div className="flex flex-wrap gap-2">
        {meeting.has_recording && (
          <>
          <Button kind={kind === "recording" ? "secondary" : "primary"} onClick={retry} isBusy={isRetrying}>
            <RotateCcw aria-hidden />
            {t("retry")}
          </Button>
          <Button onClick={() => setDialog("rerun")}>
            <SlidersHorizontal aria-hidden />
            {t("rerun")}
          </Button>
          <Button asChild>
            <a href={recordingUrl(meeting.id)} download>
              <Download aria-hidden />
              {t("download")}
            </a>
          </Button>
          </>
        )}
        <Button kind="danger" onClick={() => setDialog("delete")}>
          <Trash2 aria-hidden />
          {t("delete")}
        </Button>
      </div>
      {!meeting.has_results && <RunFacts meeting={meeting} />}
      <div className="border-t border-line pt-3">
        <Disclosure label={t("technical")}>
          <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5">
            <Row term={t("tech.code")} value={failure.code} />
            {failure.message && <Row term={t("tech.message")} value={failure.message} />}
            {failure.stage && <Row term={t("tech.stage")} value={t(`stage.${failure.stage}`)} />}
            <Row term={t("tech.attempts")} value={t("attempt", { attempt: meeting.attempt, of: meeting.max_attempts })} />
            <Row term={t("tech.meeting")} value={meeting.id} />
          </dl>
        </Disclosure>
      </div>
      {dialog === "rerun" && <RerunDialog meeting={meeting} onClose={() => setDialog(null)} />}
      {dialog === "delete" && <DeleteDialog meeting={meeting} onClose={() => setDialog(null)} onDeleted={() => router.push("/")} />}
    </section>
  );
}

function Row({ term, value }: { term: string; value: string }) {
  return (
    <div className="contents">
      <dt className="text-ink-faint">{term}</dt>
      <dd className="min-w-0 font-mono text-xs break-words text-ink-soft">{value}</dd>
    </div>
  );
}
