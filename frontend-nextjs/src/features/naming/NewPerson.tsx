"use client";
/** Somebody who is not in the voice bank yet. The voice is remembered only where somebody says who agreed, and to what. */
import { ArrowLeft } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Checkbox, TextField } from "@/components/ui/Field";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useCreatePerson } from "@/lib/api/people";
import type { Decision, Speaker } from "@/lib/api/speakers";
import { useConsentText } from "@/lib/api/voices";
import { StepFoot } from "./StepFoot";

interface Props {
  speaker: Speaker;
  name: string;
  onBack: () => void;
  onChosen: (decision: Decision) => Promise<unknown>;
}

export function NewPerson({ speaker, name: first, onBack, onChosen }: Props) {
  const t = useTranslations();
  const errorText = useErrorText();
  const { language } = useLanguage();
  const consent = useConsentText(language);
  const create = useCreatePerson();
  const [name, setName] = useState(first);
  const [isRemembered, setRemembered] = useState(false);
  const [givenBy, setGivenBy] = useState("");
  const [isShared, setShared] = useState(false);
  const [isSending, setSending] = useState(false);
  const [once] = useState(() => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
  const isMissing = name.trim() === "" || (isRemembered && (givenBy.trim() === "" || !consent.data));

  const add = async () => {
    setSending(true);
    try {
      const given = isRemembered && consent.data ? { given_by: givenBy.trim(), text_version: consent.data.version } : null;
      const person = create.data ?? (await create.mutateAsync({ person: { name: name.trim(), aliases: [], note: "", is_shared: isShared, consent: given }, once }));
      await onChosen({ person_id: person.id, remember: isRemembered ? null : false });
    } catch {
      // shown below: `create.error`
    } finally {
      setSending(false);
    }
  };
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isMissing && !isSending) void add();
      }}
    >
      <TextField label={t("naming.newName")} value={name} maxLength={200} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      <Checkbox label={t("naming.rememberVoice")} hint={speaker.has_print ? t("naming.rememberHint") : t("naming.notLearned.no-voiceprint")} disabled={!speaker.has_print} checked={isRemembered} onChange={(event) => setRemembered(event.target.checked)} />
      {isRemembered && (
        <div className="flex flex-col gap-3 rounded-md bg-sunken p-3">
          <p className="text-xs text-ink-soft">{t("naming.consentNeeded")}</p>
          <TextField label={t("naming.givenBy")} hint={t("naming.givenByHint")} value={givenBy} maxLength={500} required onChange={(event) => setGivenBy(event.target.value)} />
          {consent.isError && <p role="alert" className="text-xs text-danger">{errorText(consent.error)}</p>}
          {consent.data && (
            <details className="text-xs text-ink-soft">
              <summary className="min-h-8 content-center font-medium text-accent">{t("naming.consentText")}</summary>
              <p className="max-h-48 overflow-y-auto pt-1 whitespace-pre-line" tabIndex={0} lang={language}>{consent.data.text}</p>
            </details>
          )}
        </div>
      )}
      <Checkbox label={t("naming.share")} hint={t("naming.shareHint")} checked={isShared} onChange={(event) => setShared(event.target.checked)} />
      {create.isError && <p role="alert" className="text-sm text-danger">{errorText(create.error)}</p>}
      <StepFoot>
        <Button kind="quiet" onClick={onBack}>
          <ArrowLeft aria-hidden />
          {t("common.back")}
        </Button>
        <Button kind="primary" type="submit" disabled={isMissing} isBusy={isSending}>
          {t("naming.add")}
        </Button>
      </StepFoot>
    </form>
  );
}
