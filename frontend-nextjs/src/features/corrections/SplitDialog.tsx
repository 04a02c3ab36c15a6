"use client";
/** Where a segment is split: its words, each the beginning of a second half. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import type { Segment } from "@/features/meeting/model";
import { cx } from "@/lib/cx";
import { spokenWords, wordStarts } from "./carets";
import { useCorrections } from "./context";

export function SplitDialog({ segment, onClose }: { segment: Segment; onClose: () => void }) {
  const t = useTranslations();
  const { split } = useCorrections();
  const [at, setAt] = useState<number | null>(null);
  const words = segment.words?.length ? segment.words : spokenWords(segment.text);
  const starts = wordStarts(segment.text, words);
  const cut = () => {
    if (at !== null) split(segment, starts[at] ?? 0);
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("corrections.splitTitle")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" disabled={at === null} onClick={cut}>{t("corrections.splitDo")}</Button>
        </>
      }
    >
      <p className="mb-3 text-ink-soft">{t("corrections.splitHow")}</p>
      <div role="radiogroup" aria-label={t("corrections.splitTitle")} className="flex flex-wrap gap-x-0.5 font-serif text-read">
        {words.map(({ word }, number) => (
          <button
            key={number}
            type="button"
            role="radio"
            aria-checked={at === number}
            disabled={number === 0}
            onClick={() => setAt(number)}
            onDoubleClick={cut}
            className={cx(
              "rounded-sm border-l-2 border-transparent px-1 py-0.5 enabled:hover:bg-sunken disabled:text-ink-soft",
              at === number && "border-accent bg-accent-soft",
              at !== null && number > at && "bg-accent-soft",
            )}
          >
            {word.trim()}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
