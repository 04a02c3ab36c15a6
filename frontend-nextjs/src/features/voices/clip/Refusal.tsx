"use client";
/** Why a clip will not do, in plain words by its codes. */
import { useTranslations } from "next-intl";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { ApiError } from "@/lib/api/client";
import type { Enrolment } from "@/lib/api/voices";
import { percent } from "@/lib/format";

const KNOWN = ["no-speech", "too-short", "too-noisy", "overlapped", "several-voices", "clipped"] as const;

export function Refusal({ enrolment }: { enrolment: Enrolment }) {
  const t = useTranslations("voices.clip");
  const { language } = useLanguage();
  const errorText = useErrorText();
  const { quality, failure, problems } = enrolment;
  if (enrolment.status === "FAILED") {
    const error = failure && new ApiError({ status: 0, code: failure.code, detail: failure.message });
    return (
      <Notice tone="danger" title={t("failed")}>
        {errorText(error)}
      </Notice>
    );
  }
  const figures = {
    seconds: new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(quality?.speech_s ?? 0),
    share: percent(quality?.overlap_share ?? 0, language),
  };
  return (
    <Notice tone="warning" title={t("refused")}>
      <ul className="mt-1 flex list-disc flex-col gap-1 pl-4">
        {problems.map(({ code }) => {
          const known = KNOWN.find((one) => one === code);
          return <li key={code}>{known ? t(`problem.${known}`, figures) : t("problem.other", { code })}</li>;
        })}
      </ul>
    </Notice>
  );
}
