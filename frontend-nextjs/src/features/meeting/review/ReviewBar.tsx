"use client";
import { Check, ChevronLeft, ChevronRight, Pencil, Repeat, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { IconButton } from "@/components/ui/IconButton";
import { useAudio } from "../player";
import { DOUBTFUL_BELOW } from "../segments";
import type { Review } from "./useReview";

export function ReviewBar({ review }: { review: Review }) {
  const t = useTranslations("meeting");
  const player = useAudio();
  const right = useRef<HTMLButtonElement>(null);
  useEffect(() => right.current?.focus({ preventScroll: true }), []);
  const words = review.current?.words?.filter((word) => word.confidence < DOUBTFUL_BELOW).map((word) => word.word.trim()) ?? [];
  const { number, total } = review.progress;
  return (
    <section aria-label={t("review.title")} className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1 py-1">
      <div role="status" className="min-w-0 flex-1 basis-40">
        {review.current ? (
          <>
            <p className="tabular text-sm font-medium">{t("review.progress", { number, total })}</p>
            <p className="truncate font-serif text-sm text-ink-soft">{words.join(" · ")}</p>
          </>
        ) : (
          <p className="text-sm font-medium text-success">{t("review.done")}</p>
        )}
      </div>
      {review.current && (
        <div className="flex items-center gap-1 max-sm:order-last max-sm:basis-full max-sm:[&>button:nth-child(4)]:ml-auto">
          <IconButton label={t("review.previous")} size="sm" className="max-sm:size-10" disabled={!review.hasPrevious} onClick={() => review.step(-1)}>
            <ChevronLeft />
          </IconButton>
          {player.hasSound && (
            <IconButton label={t("review.again")} size="sm" className="max-sm:size-10" onClick={review.hear}>
              <Repeat />
            </IconButton>
          )}
          <IconButton label={t("review.next")} size="sm" className="max-sm:size-10" disabled={!review.hasNext} onClick={() => review.step(1)}>
            <ChevronRight />
          </IconButton>
          <Button size="sm" className="max-sm:h-10" onClick={review.edit}>
            <Pencil aria-hidden />
            {t("review.edit")}
          </Button>
          <Button ref={right} kind="primary" size="sm" className="max-sm:h-10" onClick={review.confirm}>
            <Check aria-hidden />
            {t("review.right")}
          </Button>
        </div>
      )}
      <IconButton label={t("review.stop")} size="sm" className="max-sm:size-10" onClick={review.stop}>
        <X />
      </IconButton>
    </section>
  );
}
