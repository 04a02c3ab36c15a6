"use client";
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { useLanguage } from "@/features/shell/Language";
import { duration } from "@/lib/format";
import { waitOf } from "./progress";

/** "a few seconds", "about 40 s", "about 3 min". */
export function useWaitText(): (seconds: number) => string {
  const t = useTranslations("running");
  const { language } = useLanguage();
  return useCallback(
    (seconds) => {
      const wait = waitOf(seconds);
      return wait.kind === "moment" ? t("wait.moment") : t("wait.about", { time: duration(wait.seconds, language) });
    },
    [language, t],
  );
}
