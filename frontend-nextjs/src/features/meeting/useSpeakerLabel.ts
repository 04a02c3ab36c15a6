"use client";
/** How a speaker is called: the name, else a number, else that nobody knows. */
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { speakerNumber } from "@/lib/speakers";

export function useSpeakerLabel(): (label: string | null, name: string | null) => string {
  const t = useTranslations("common");
  return useCallback((label, name) => name ?? (label === null ? t("speakerUnknown") : t("speaker", { number: speakerNumber(label) })), [t]);
}
