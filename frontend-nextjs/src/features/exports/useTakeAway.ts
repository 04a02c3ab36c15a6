"use client";
/** Files and the clipboard. Waits for corrections that are on their way: what is taken away is what is on the screen. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { useToast } from "@/components/ui/Toast";
import { useAllSent } from "@/features/corrections/useAllSent";
import { useErrorText } from "@/features/shell/useErrorText";
import { fetchExport, type ExportedFile, type ExportFormat } from "@/lib/api/exports";
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
  const allSent = useAllSent(meetingId);
  const [numBusy, setNumBusy] = useState(0);

  async function busy<Result>(work: Promise<Result>): Promise<Result> {
    setNumBusy((count) => count + 1);
    return work.finally(() => setNumBusy((count) => count - 1));
  }

  function sayUnsent(anyway: () => void): void {
    say(t("unsent"), { kind: "error", action: { label: t("anyway"), onClick: anyway } });
  }

  async function download(format: ExportFormat, isAnyway = false): Promise<void> {
    const corrections = isAnyway ? "saved" : await busy(allSent());
    if (corrections === "unsent") return sayUnsent(() => void download(format, true));
    try {
      const file = await busy(fetchExport({ meetingId, format, language }));
      save(file);
      say(t(corrections === "conflict" ? "readyUndecided" : "ready", { name: file.fileName }));
    } catch (error) {
      say(t("failed", { format: t(`format.${format}`), reason: errorText(error) }), {
        kind: "error",
        action: { label: t("again"), onClick: () => void download(format, isAnyway) },
      });
    }
  }

  /** The browser hears of the copy while the click lasts; the text may follow. */
  async function copyAll(isAnyway = false): Promise<void> {
    let refusal: unknown = null;
    let isUnsent = false;
    const read = async () => {
      isUnsent = !isAnyway && (await allSent()) === "unsent";
      if (isUnsent) throw new Error("unsent");
      const { blob } = await fetchExport({ meetingId, format: "txt", language });
      return { text: await blob.text() };
    };
    const text = read().catch((error: unknown) => {
      refusal = error;
      throw error;
    });
    try {
      await busy(copy(text));
      say(t("allCopied"));
    } catch {
      if (isUnsent) sayUnsent(() => void copyAll(true));
      else say(refusal === null ? t("copyRefused") : errorText(refusal), { kind: "error" });
    }
  }

  return { download, copyAll, isBusy: numBusy > 0 };
}

/** Hands a file to the browser as a download. */
function save({ blob, fileName }: ExportedFile): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
