"use client";
import { Plus } from "lucide-react";
import dynamic from "next/dynamic";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { ConfirmDialog } from "@/components/ui/ConfirmDialog";
import { Failed } from "@/components/ui/Failed";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useToast } from "@/components/ui/Toast";
import { useAppearances, type PersonDetail } from "@/lib/api/people";
import { useDeleteVoice, useVoices, type Voice } from "@/lib/api/voices";
import { SampleRow } from "./SampleRow";

const EnrolDialog = dynamic(() => import("../clip/EnrolDialog").then((module) => module.EnrolDialog));

export function SamplesSection({ person }: { person: PersonDetail }) {
  const t = useTranslations("voices.samples");
  const voices = useVoices(person.id);
  const meetings = useAppearances(person.id);
  const [isAdding, setAdding] = useState(false);
  const [going, setGoing] = useState<Voice | null>(null);
  const titles = new Map(meetings.data?.pages.flatMap((page) => page.items).map((one) => [one.meeting_id, one.title]));
  return (
    <Section title={t("title")} about={t("about")}>
      {voices.isPending && <Skeleton className="h-28" />}
      {voices.isError && <Failed error={voices.error} onRetry={() => void voices.refetch()} />}
      {voices.data?.length === 0 && <p className="text-ink-soft">{t("none")}</p>}
      <ul className="divide-y divide-line">
        {voices.data?.map((voice) => (
          <SampleRow
            key={voice.id}
            voice={voice}
            meetingTitle={voice.meeting_id ? titles.get(voice.meeting_id) : undefined}
            mayChange={person.may_change}
            onDelete={() => setGoing(voice)}
          />
        ))}
      </ul>
      {person.may_change && (
        <div className="mt-4 flex flex-wrap items-center gap-3">
          <Button kind={person.num_voiceprints === 0 ? "primary" : "secondary"} disabled={!person.has_consent} onClick={() => setAdding(true)}>
            <Plus aria-hidden />
            {t("add")}
          </Button>
          {!person.has_consent && <p className="text-sm text-warning">{t("needConsent")}</p>}
        </div>
      )}
      {isAdding && <EnrolDialog person={person} onClose={() => setAdding(false)} />}
      <DeleteSample person={person} voice={going} onClose={() => setGoing(null)} />
    </Section>
  );
}

function DeleteSample({ person, voice, onClose }: { person: PersonDetail; voice: Voice | null; onClose: () => void }) {
  const t = useTranslations();
  const say = useToast();
  const remove = useDeleteVoice(person.id);
  const confirm = () => {
    if (!voice) return;
    remove.mutate(voice.id, {
      onSuccess: () => {
        onClose();
        say(t("voices.samples.deleted"));
      },
    });
  };
  return (
    <ConfirmDialog
      isOpen={voice !== null}
      onClose={onClose}
      title={t("voices.samples.deleteTitle")}
      action={t("common.delete")}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={confirm}
    >
      <p>{t("voices.samples.deleteBody")}</p>
    </ConfirmDialog>
  );
}
