"use client";
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { speakerNumber } from "@/lib/speakers";

/** What a speaker is called: the name, "Intervenant 2", or that nobody knows. */
export function useSpeakerText(): (spoken: { speaker: string | null; name: string | null }) => string {
  const t = useTranslations("common");
  return useCallback(
    ({ speaker, name }) => name ?? (speaker === null ? t("speakerUnknown") : t("speaker", { number: speakerNumber(speaker) })),
    [t],
  );
}
