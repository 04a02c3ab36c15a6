"use client";
import { useTranslations } from "next-intl";
import { useCallback } from "react";

/** What went wrong, by its code; the service's own sentence where there is none. */
export function useFailureText(): (failure: { code: string; message: string }) => string {
  const t = useTranslations("errors");
  return useCallback(
    ({ code, message }) => {
      const key = code.replaceAll(".", "_") as Parameters<typeof t>[0];
      return t.has(key) ? t(key, { code }) : message;
    },
    [t],
  );
}
