"use client";
import { useTranslations } from "next-intl";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { fetchExport, useExport, type ExportedFile, type ExportFormat } from "@/lib/api/exports";
import { copy } from "@/lib/clipboard";
import type { Language } from "@/lib/format";

export interface TakeAway {
  download: (format: ExportFormat) => Promise<void>;
  copyAll: () => Promise<void>;
  isBusy: boolean;
}

export function useTakeAway(meetingId: string, language: Language): TakeAway {
  const t = useTranslations("exports");
  const say = useToast();
  const errorText = useErrorText();
  const made = useExport();

  async function download(format: ExportFormat): Promise<void> {
    try {
      const file = await made.mutateAsync({ meetingId, format, language });
      save(file);
      say(t("ready", { name: file.fileName }));
    } catch (error) {
      say(t("failed", { format: t(`format.${format}`), reason: errorText(error) }), {
        kind: "error",
        action: { label: t("again"), onClick: () => void download(format) },
      });
    }
  }

  async function copyAll(): Promise<void> {
    let refusal: unknown = null;
    const text = fetchExport({ meetingId, format: "txt", language })
      .then(async ({ blob }) => ({ text: await blob.text() }))
      .catch((error: unknown) => {
        refusal = error;
        throw error;
      });
    try {
      await copy(text);
      say(t("allCopied"));
    } catch {
      say(refusal === null ? t("copyRefused") : errorText(refusal), { kind: "error" });
    }
  }

  return { download, copyAll, isBusy: made.isPending };
}

/** Hands a file to the browser as a download. */
function save({ blob, fileName }: ExportedFile): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
