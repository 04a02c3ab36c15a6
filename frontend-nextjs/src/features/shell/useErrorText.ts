"use client";
/** What went wrong, in the reader's language: by the error's stable code; the service's own sentence is English. */
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { ApiError } from "@/lib/api/client";

export function useErrorText(): (error: unknown) => string {
  const t = useTranslations("errors");
  return useCallback(
    (error: unknown) => {
      if (!(error instanceof ApiError)) return t("unknown", { code: error instanceof Error ? error.name : "?" });
      const key = error.code.replaceAll(".", "_") as Parameters<typeof t>[0];
      if (t.has(key)) return t(key, { code: error.code });
      return error.message || t("unknown", { code: error.code });
    },
    [t],
  );
}
