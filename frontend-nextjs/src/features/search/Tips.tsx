"use client";
import { useTranslations } from "next-intl";
import { Kbd } from "@/components/ui/Kbd";

/** How to search, before anything was. Each example can be tried. */
export function Tips({ onTry }: { onTry: (example: string) => void }) {
  const t = useTranslations("search");
  const tips = [
    { example: t("tip.wordsExample"), text: t("tip.words") },
    { example: t("tip.phraseExample"), text: t("tip.phrase") },
    { example: t("tip.withoutExample"), text: t("tip.without") },
    { example: t("tip.eitherExample"), text: t("tip.either") },
  ];
  return (
    <section aria-labelledby="tips" className="py-6">
      <h2 id="tips" className="font-serif text-xl font-semibold">
        {t("tipsTitle")}
      </h2>
      <p className="mt-1 text-ink-soft">{t("tipsBody")}</p>
      <ul className="mt-5 flex flex-col border-t border-line">
        {tips.map(({ example, text }) => (
          <li key={example} className="flex flex-col gap-x-6 border-b border-line py-2 sm:flex-row sm:items-center">
            <button type="button" onClick={() => onTry(example)} className="min-h-10 shrink-0 text-left font-serif text-read text-accent hover:text-accent-strong sm:w-64">
              {example}
            </button>
            <span className="text-sm text-ink-soft">{text}</span>
          </li>
        ))}
      </ul>
      <p className="mt-5 flex flex-wrap items-center gap-x-4 gap-y-1.5 text-xs text-ink-faint max-sm:hidden">
        <span className="flex items-center gap-1.5">
          <Kbd>/</Kbd> {t("key.focus")}
        </span>
        <span className="flex items-center gap-1.5">
          <Kbd>↓</Kbd>
          <Kbd>↑</Kbd> {t("key.move")}
        </span>
        <span className="flex items-center gap-1.5">
          <Kbd>↵</Kbd> {t("key.open")}
        </span>
        <span className="flex items-center gap-1.5">
          <Kbd>P</Kbd> {t("key.play")}
        </span>
      </p>
    </section>
  );
}
