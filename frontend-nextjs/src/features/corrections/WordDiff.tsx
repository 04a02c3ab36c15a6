"use client";
import { useTranslations } from "next-intl";
import { useMemo } from "react";
import { cx } from "@/lib/cx";
import { diffWords } from "./diff";

/** What becomes of one text in the other. Which words, is said as well as shown. */
export function WordDiff({ before, after, className }: { before: string; after: string; className?: string }) {
  const t = useTranslations("corrections");
  const pieces = useMemo(() => diffWords(before, after), [before, after]);
  return (
    <p className={cx("font-serif text-base break-words", className)}>
      {pieces.map(({ kind, text }, place) => {
        const space = place < pieces.length - 1 ? " " : "";
        if (kind === "same") return <span key={place}>{text + space}</span>;
        const Tag = kind === "gone" ? "del" : "ins";
        return (
          <span key={place}>
            <Tag className={kind === "gone" ? "text-danger decoration-1" : "rounded-sm bg-success-soft text-success decoration-1 underline-offset-4"}>
              <span className="sr-only">{kind === "gone" ? t("diffGone") : t("diffNew")} </span>
              {text}
            </Tag>
            {space}
          </span>
        );
      })}
    </p>
  );
}
