"use client";
/** Recordings of pages that ended in the middle, and those whose upload was given up. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { useLanguage } from "@/features/shell/Language";
import { dayAndTime, duration } from "@/lib/format";
import { recordings, type RecordingRecord } from "../shelf";
import { StoppedTape } from "./StoppedTape";

export function Recovered({ records }: { records: readonly RecordingRecord[] }) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const [opened, setOpened] = useState<{ record: RecordingRecord; sound: Blob } | null>(null);
  return (
    <>
      {records.map((record) => (
        <div key={record.id} role="status" className="flex flex-wrap items-center gap-3 border-b border-line bg-warning-soft px-4 py-3 last:border-b-0">
          <div className="min-w-0 flex-1 text-warning">
            <p className="font-medium">{t("recovered")}</p>
            <p className="text-xs">{t("recoveredFacts", { when: dayAndTime(new Date(record.startedAtMs).toISOString(), language), length: duration(record.durationS, language) })}</p>
          </div>
          <Button size="sm" onClick={() => void recordings.whole(record).then((sound) => setOpened({ record, sound }))}>
            {t("look")}
          </Button>
        </div>
      ))}
      {opened && (
        <Dialog isOpen onClose={() => setOpened(null)} title={t("recoveredTitle")}>
          <StoppedTape record={opened.record} sound={opened.sound} isCut={false} onDone={() => setOpened(null)} />
        </Dialog>
      )}
    </>
  );
}
