"use client";
/** Speakers and talk time: a column beside the transcript; on small screens it slides over it, without holding the focus
 * (what opens in it stands outside of it). */
import { X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { IconButton } from "@/components/ui/IconButton";
import { SpeakersPanel } from "@/features/naming/SpeakersPanel";
import { cx } from "@/lib/cx";
import { TalkTime } from "../lanes/TalkTime";
import type { Segment } from "../segments";

interface Props {
  meetingId: string;
  segments: readonly Segment[];
  isOpen: boolean;
  onClose: () => void;
}

export function Side({ meetingId, segments, isOpen, onClose }: Props) {
  const t = useTranslations("meeting");
  const common = useTranslations("common");
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const before = document.activeElement;
    box.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, [isOpen]);
  return (
    <aside
      id="side"
      ref={box}
      tabIndex={-1}
      aria-label={t("side")}
      onKeyDown={(event) => event.key === "Escape" && isOpen && onClose()}
      className={cx(
        "flex flex-col gap-8 outline-none print:hidden",
        "lg:sticky lg:top-20 lg:max-h-[calc(100dvh-12rem)] lg:self-start lg:overflow-y-auto lg:pr-2 lg:pb-4",
        "max-lg:fixed max-lg:inset-y-0 max-lg:right-0 max-lg:z-35 max-lg:w-96 max-lg:max-w-full max-lg:overflow-y-auto max-lg:border-l max-lg:border-line max-lg:bg-surface max-lg:p-5 max-lg:shadow-high",
        "max-sm:inset-x-0 max-sm:top-[12dvh] max-sm:w-full max-sm:rounded-t-lg max-sm:border-t max-sm:border-l-0 max-sm:pb-20",
        !isOpen && "max-lg:hidden",
      )}
    >
      <IconButton label={common("close")} size="sm" className="absolute top-3 right-3 max-sm:size-10 lg:hidden" onClick={onClose}>
        <X />
      </IconButton>
      <SpeakersPanel meetingId={meetingId} />
      <TalkTime segments={segments} />
    </aside>
  );
}
