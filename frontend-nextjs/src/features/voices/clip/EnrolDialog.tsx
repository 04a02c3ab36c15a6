"use client";
/** A person's voice into the bank: a clip, what became of it, and the question whether it is the right voice. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import type { PersonDetail } from "@/lib/api/people";
import { useConfirmEnrolment, useDiscardEnrolment, useEnrol, type Clip, type Enrolment } from "@/lib/api/voices";
import { duration, percent } from "@/lib/format";
import { ClipReview } from "./ClipReview";
import { ClipSource } from "./ClipSource";
import { Refusal } from "./Refusal";

export function EnrolDialog({ person, onClose }: { person: PersonDetail; onClose: () => void }) {
  const t = useTranslations("voices.clip");
  const errorText = useErrorText();
  const [clip, setClip] = useState<Clip | null>(null);
  const enrol = useEnrol(person.id);
  const confirm = useConfirmEnrolment();
  const discard = useDiscardEnrolment();
  const outcome = confirm.data ?? enrol.data;
  const error = confirm.error ?? discard.error ?? enrol.error;

  const again = () => {
    setClip(null);
    enrol.reset();
    confirm.reset();
    discard.reset();
  };
  /** A clip in question that nobody answers for is not kept. */
  const close = () => {
    if (outcome?.status === "QUESTIONED") discard.mutate(outcome.id);
    onClose();
  };

  return (
    <Dialog isOpen onClose={close} title={t("enrolTitle", { name: person.name })}>
      <div className="flex flex-col gap-5">
        {!outcome && <p className="text-ink-soft">{t("about")}</p>}
        {!outcome && !clip && <ClipSource onClip={setClip} />}
        {!outcome && clip && <ClipReview clip={clip} action={t("send")} isBusy={enrol.isPending} onSend={() => enrol.mutate(clip)} onAgain={again} />}
        {outcome && (
          <Outcome
            outcome={outcome}
            person={person}
            isBusy={confirm.isPending || discard.isPending}
            onConfirm={() => confirm.mutate(outcome.id)}
            onDiscard={() => discard.mutate(outcome.id, { onSuccess: again })}
            onAgain={again}
            onClose={onClose}
          />
        )}
        {error && <Notice tone="danger">{errorText(error)}</Notice>}
      </div>
    </Dialog>
  );
}

interface OutcomeProps {
  outcome: Enrolment;
  person: PersonDetail;
  isBusy: boolean;
  onConfirm: () => void;
  onDiscard: () => void;
  onAgain: () => void;
  onClose: () => void;
}

function Outcome({ outcome, person, isBusy, onConfirm, onDiscard, onAgain, onClose }: OutcomeProps) {
  const t = useTranslations();
  const { language } = useLanguage();
  if (outcome.status === "QUESTIONED") {
    return (
      <>
        <Notice tone="warning" title={t("voices.clip.questioned")}>
          {outcome.questions.map((question, index) => (
            <p key={index}>
              {question.kind === "unlike-person"
                ? t("voices.clip.unlike")
                : question.person
                  ? t("voices.clip.soundsLike", { name: question.person.name, percent: percent(question.probability ?? 0, language) })
                  : t("voices.clip.soundsLikeSomebody")}
            </p>
          ))}
        </Notice>
        <div className="flex flex-wrap gap-2">
          <Button isBusy={isBusy} onClick={onConfirm}>
            {t("voices.clip.confirm", { name: person.name })}
          </Button>
          <Button kind="danger" disabled={isBusy} onClick={onDiscard} autoFocus>
            {t("voices.clip.discard")}
          </Button>
        </div>
      </>
    );
  }
  const isDone = outcome.status === "DONE";
  return (
    <>
      {isDone ? (
        <Notice tone="success" title={t("voices.clip.done")}>
          {t("voices.clip.doneBody", { duration: duration(outcome.quality?.speech_s ?? 0, language) })}
        </Notice>
      ) : (
        <Refusal enrolment={outcome} />
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind={isDone ? "secondary" : "primary"} onClick={onAgain} autoFocus={!isDone}>
          {isDone ? t("voices.clip.another") : t("voices.clip.again")}
        </Button>
        <Button kind={isDone ? "primary" : "quiet"} onClick={onClose} autoFocus={isDone}>
          {t("common.close")}
        </Button>
      </div>
    </>
  );
}
