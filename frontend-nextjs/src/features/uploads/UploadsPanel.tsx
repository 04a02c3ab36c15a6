"use client";
/** What is on its way, in a corner: a line when folded, a list when open. */
import { ChevronDown, ChevronUp } from "lucide-react";
import { usePathname } from "next/navigation";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { IconButton } from "@/components/ui/IconButton";
import { Progress } from "@/components/ui/Progress";
import { useLanguage } from "@/features/shell/Language";
import { cx } from "@/lib/cx";
import { percent } from "@/lib/format";
import { isOpen, overall, type Item } from "./model";
import type { UploadQueue } from "./queue";
import { Recovered } from "./recorder/Recovered";
import { RunningTape } from "./recorder/RunningTape";
import type { RecordingRecord } from "./shelf";
import { UploadRow } from "./UploadRow";

interface Props {
  queue: UploadQueue;
  items: readonly Item[];
  recovered: readonly RecordingRecord[];
  /** A recording goes on, and its dialog is closed. */
  isRecordingBehind: boolean;
  onRecorder: () => void;
}

export function UploadsPanel({ queue, items, recovered, isRecordingBehind, onRecorder }: Props) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const isReading = usePathname().startsWith("/meetings/"); // the player stands below, the text is what counts
  const [chosenFold, setFolded] = useState<boolean | null>(null);
  const isFolded = chosenFold ?? isReading;
  const open = items.filter((item) => isOpen(item) || item.state.kind === "paused");
  const settled = items.filter((item) => ["done", "refused", "duplicate"].includes(item.state.kind));
  const troubled = items.filter((item) => ["refused", "duplicate", "missing"].includes(item.state.kind)).length;
  const share = overall(items);
  const headline = open.length > 0 ? t("sending", { count: open.length, share: percent(share / 100, language) }) : troubled > 0 ? t("attention", { count: troubled }) : t("allDone");
  return (
    <section
      aria-label={t("panel")}
      className={cx(
        "fixed left-4 z-20 flex w-96 max-w-[calc(100vw-2rem)] flex-col overflow-hidden rounded-lg border border-line bg-surface shadow-high print:hidden",
        isReading ? "bottom-24 max-sm:bottom-44" : "bottom-4 max-sm:bottom-20",
      )}
    >
      {isRecordingBehind && <RunningTape onOpen={onRecorder} />}
      <Recovered records={recovered} />
      {items.length > 0 && (
        <>
          <header className="flex items-center gap-3 py-1.5 pr-2 pl-4">
            <h2 className="min-w-0 flex-1 truncate text-sm font-medium tabular">{headline}</h2>
            <p role="status" className="sr-only">
              {t("announced", { open: open.length, done: items.filter((item) => item.state.kind === "done").length, troubled })}
            </p>
            <IconButton label={isFolded ? t("unfold") : t("fold")} size="sm" aria-expanded={!isFolded} onClick={() => setFolded(!isFolded)}>
              {isFolded ? <ChevronUp /> : <ChevronDown />}
            </IconButton>
          </header>
          {open.length > 0 && <Progress percent={share} label={t("progress")} className="h-1 rounded-none" />}
          {!isFolded && (
            <>
              <ul className="max-h-80 overflow-y-auto border-t border-line">
                {items.map((item) => (
                  <UploadRow key={item.id} item={item} queue={queue} />
                ))}
              </ul>
              <footer className="flex items-center gap-3 border-t border-line py-2 pr-2 pl-4">
                <p className="flex-1 text-xs text-ink-faint">{open.length > 0 && (open.every((item) => item.isKept) ? t("reloadSafe") : t("stayHere"))}</p>
                {settled.length > 0 && (
                  <Button kind="quiet" size="sm" onClick={() => settled.forEach((item) => queue.dismiss(item.id))}>
                    {t("clearSettled")}
                  </Button>
                )}
              </footer>
            </>
          )}
        </>
      )}
    </section>
  );
}
