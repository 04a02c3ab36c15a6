"use client";
import { useTranslations } from "next-intl";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import type { Meeting } from "@/lib/api/meetings";
import { day } from "@/lib/format";

/** Nothing is wrong: it was kept as long as was decided, and everything but the sound is there. */
export function RemovedRecording({ meeting }: { meeting: Meeting }) {
  const t = useTranslations("meeting");
  const { language } = useLanguage();
  const removed_at = meeting.retention.audio_removed_at;
  return <Notice title={removed_at ? t("noRecording.on", { day: day(removed_at, language) }) : t("noRecording.title")}>{t("noRecording.rest")}</Notice>;
}
