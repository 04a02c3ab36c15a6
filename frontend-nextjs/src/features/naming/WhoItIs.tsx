"use client";
/** What is said of the speaker by now, how it came about, and whether the voice is remembered. */
import { Check, HelpCircle, Sparkles } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import type { Decision, Speaker } from "@/lib/api/speakers";
import { useNotLearned } from "./useDecide";

interface Props {
  speaker: Speaker;
  isBusy: boolean;
  onDecide: (decision: Decision) => void;
}

export function WhoItIs({ speaker }: { speaker: Speaker }) {
  const called = useSpeakerLabel()(speaker.label, speaker.name);
  return (
    <div className="flex items-start gap-3">
      <SpeakerDot label={speaker.label} name={speaker.name} />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{called}</p>
        <NameState speaker={speaker} />
      </div>
    </div>
  );
}

const ICONS = { confirmed: Check, auto: Sparkles, suggested: HelpCircle, rejected: HelpCircle, unknown: HelpCircle };

/** How the speaker came by the name: never by colour alone. */
export function NameState({ speaker }: { speaker: Speaker }) {
  const t = useTranslations("naming");
  const Icon = ICONS[speaker.naming];
  return (
    <p className="flex items-center gap-1.5 text-xs text-ink-faint">
      <Icon aria-hidden className={speaker.naming === "confirmed" ? "size-3.5 shrink-0 text-success" : "size-3.5 shrink-0"} />
      {t(`naming.${speaker.naming}`)}
    </p>
  );
}

/** Whether the bank keeps the voice of a confirmed person, and why not. */
export function Remembered({ speaker, isBusy, onDecide }: Props) {
  const t = useTranslations("naming");
  const notLearned = useNotLearned();
  const { naming, person, learned } = speaker;
  if (naming !== "confirmed" || !person) return null;
  const why = notLearned(speaker);
  return (
    <div className="-mt-2 flex flex-wrap items-center gap-x-2 text-xs text-ink-faint">
      <span>{learned ? t("remembered") : t("notRemembered")}</span>
      <Button size="sm" kind="quiet" className="-my-1 px-1.5" disabled={isBusy} onClick={() => onDecide({ person_id: person.id, remember: !learned })}>
        {learned ? t("forgetHere") : t("rememberNow")}
      </Button>
      {why && <p className="basis-full">{why}</p>}
    </div>
  );
}
