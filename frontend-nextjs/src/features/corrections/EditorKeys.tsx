"use client";
import { useTranslations } from "next-intl";
import { Kbd } from "@/components/ui/Kbd";

/** What the keys do, for eyes with a keyboard and for screen readers. */
export function EditorKeys({ id }: { id: string }) {
  const t = useTranslations("corrections");
  const keys: [string, string][] = [
    [t("keyEnter"), t("keySplit")],
    [t("keyBackspace"), t("keyJoin")],
    [t("keyTab"), t("keyPlay")],
    ["Alt ↑ ↓", t("keyNeighbour")],
    [t("keyCtrlEnter"), t("keyDone")],
    [t("keyEscape"), t("keyCancel")],
  ];
  return (
    <p id={id} className="flex flex-1 flex-wrap gap-x-3 gap-y-1 text-xs text-ink-faint max-sm:sr-only">
      {keys.map(([key, what]) => (
        <span key={key} className="whitespace-nowrap">
          <Kbd>{key}</Kbd> {what}
        </span>
      ))}
    </p>
  );
}
