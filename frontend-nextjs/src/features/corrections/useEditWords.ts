"use client";
/** What an edit was, in words. */
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { useLanguage } from "@/features/shell/Language";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import type { Edit } from "@/lib/api/edits";
import { clock, dayAndTime } from "@/lib/format";
import { nameOfAuthor } from "./authors";

/** What was done: "Texte corrigé", "Intervenant 2 devient Claire". */
export function useDeed(): (edit: Edit) => string {
  const t = useTranslations("corrections");
  const speakerLabel = useSpeakerLabel();
  return useCallback(
    (edit) => {
      const after = edit.after[0];
      if (edit.kind === "text" && edit.after.length === 0) return t("deed.removed");
      if (edit.kind === "move") return t("deed.move", { who: speakerLabel(after?.speaker ?? edit.label, after?.name ?? null) });
      if (edit.kind === "name" || edit.kind === "merge") {
        const who = speakerLabel(edit.label, edit.kind === "merge" ? (edit.before[0]?.name ?? null) : null);
        const name = edit.kind === "merge" ? speakerLabel(after?.speaker ?? null, after?.name ?? null) : (after?.name ?? null);
        const old = edit.before[0]?.name;
        if (name === null) return old ? t("deed.unnamed", { who, name: old }) : t("deed.undecided", { who });
        return edit.kind === "merge" ? t("deed.merge", { who, name }) : t("deed.name", { who, name });
      }
      return t(`deed.${edit.kind}`);
    },
    [speakerLabel, t],
  );
}

/** "1:05 · Texte corrigé · Claire · 3 mars, 10:12". */
export function useEditWords(): (edit: Edit) => string {
  const t = useTranslations("corrections");
  const { language } = useLanguage();
  const deed = useDeed();
  return useCallback(
    (edit) => [clock(edit.start_s), deed(edit), nameOfAuthor(edit.author) ?? t("somebody"), dayAndTime(edit.created_at, language)].join(" · "),
    [deed, language, t],
  );
}
