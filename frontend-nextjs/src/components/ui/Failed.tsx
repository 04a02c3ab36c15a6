"use client";
/** What could not be read, why, and again. */
import { useTranslations } from "next-intl";
import { Button } from "./Button";
import { Notice } from "./Notice";
import { useErrorText } from "@/features/shell/useErrorText";

export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useTranslations("common");
  const errorText = useErrorText();
  return (
    <Notice
      tone="danger"
      actions={
        <Button size="sm" className="max-sm:h-10" onClick={onRetry}>
          {t("retry")}
        </Button>
      }
    >
      {errorText(error)}
    </Notice>
  );
}
