"use client";
/** Says who a speaker is, tells what came of it, and offers the way back. */
import { useTranslations } from "next-intl";
import { useCallback } from "react";
import { useToast } from "@/components/ui/Toast";
import { useMayGoOn } from "@/features/corrections/useAllSent";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { useErrorText } from "@/features/shell/useErrorText";
import { useMergeSpeakers, useNameSpeaker, useUndoNaming, type Decision, type Speaker } from "@/lib/api/speakers";

export function useDecide(meetingId: string) {
  const t = useTranslations("naming");
  const say = useToast();
  const errorText = useErrorText();
  const speakerLabel = useSpeakerLabel();
  const naming = useNameSpeaker(meetingId);
  const merging = useMergeSpeakers(meetingId);
  const undoing = useUndoNaming(meetingId);
  const mayGoOn = useMayGoOn(meetingId);
  const { mutateAsync: name } = naming;
  const { mutateAsync: mergeInto } = merging;
  const { mutateAsync: takeBack } = undoing;

  const undoable = useCallback(
    (edit_id: string | null | undefined) => {
      if (!edit_id) return {};
      const undo = () => takeBack(edit_id).then(() => say(t("undone")), (error: unknown) => say(errorText(error), { kind: "error" }));
      return { action: { label: t("undo"), onClick: () => void undo() } };
    },
    [errorText, say, t, takeBack],
  );

  /** Why the bank did not learn a confirmed voice; null: it did, or nobody asked. */
  const notLearned = useNotLearned();

  /** Whether it was done. A refusal is told. */
  const decide = useCallback(
    async (speaker: Pick<Speaker, "label">, decision: Decision): Promise<boolean> => {
      try {
        const named = await name({ label: speaker.label, decision });
        const who = speakerLabel(speaker.label, null);
        const what = named.name ? t("isNow", { who, name: named.name }) : decision.automatic ? t("isAutomatic", { who }) : t("isNobody", { who });
        const more = !named.person || decision.remember === false ? null : named.learned ? t("learned") : notLearned(named);
        say(more ? `${what} ${more}` : what, undoable(named.edit_id));
        return true;
      } catch (error) {
        say(errorText(error), { kind: "error" });
        return false;
      }
    },
    [errorText, name, notLearned, say, speakerLabel, t, undoable],
  );

  const merge = useCallback(
    async (speaker: Speaker, into: Speaker): Promise<boolean> => {
      if (!(await mayGoOn())) return false; // corrections on their way name lines of this speaker
      try {
        const made = await mergeInto({ label: speaker.label, into: into.label });
        say(t("merged", { who: speakerLabel(speaker.label, speaker.name), name: speakerLabel(into.label, into.name) }), undoable(made.edit.id));
        return true;
      } catch (error) {
        say(errorText(error), { kind: "error" });
        return false;
      }
    },
    [errorText, mayGoOn, mergeInto, say, speakerLabel, t, undoable],
  );
  return { decide, merge, isBusy: naming.isPending || merging.isPending };
}

export function useNotLearned(): (speaker: Speaker) => string | null {
  const t = useTranslations("naming");
  return useCallback(
    ({ not_learned }) => {
      if (!not_learned || not_learned.code === "not-asked") return null;
      const key = `notLearned.${not_learned.code}` as "notLearned.no-consent";
      return t.has(key) ? t(key) : t("notLearned.other");
    },
    [t],
  );
}
