"use client";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Checkbox, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useCreatePerson } from "@/lib/api/people";
import { useConsentText } from "@/lib/api/voices";
import { splitNames } from "./aliases";
import { instantOf, today } from "./consentDate";
import { ConsentFields } from "./ConsentFields";

export function AddPersonDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations();
  const router = useRouter();
  const { language } = useLanguage();
  const errorText = useErrorText();
  const create = useCreatePerson();
  const text = useConsentText(language).data;
  const [name, setName] = useState("");
  const [aliases, setAliases] = useState("");
  const [isShared, setShared] = useState(false);
  const [hasConsent, setHasConsent] = useState(true);
  const [consent, setConsent] = useState({ givenBy: "", givenOn: today() });
  const canSend = Boolean(name.trim()) && (!hasConsent || (Boolean(consent.givenBy.trim()) && Boolean(text)));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = hasConsent && text ? { given_by: consent.givenBy.trim(), text_version: text.version, given_at: instantOf(consent.givenOn) } : null;
    create.mutate(
      { person: { name: name.trim(), aliases: splitNames(aliases), note: "", is_shared: isShared, consent: given } },
      { onSuccess: ({ id }) => router.push(`/voices/${id}`) },
    );
  };

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("voices.create.title")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="new-person" disabled={!canSend} isBusy={create.isPending || create.isSuccess}>
            {t("voices.create.submit")}
          </Button>
        </>
      }
    >
      <form id="new-person" onSubmit={submit} className="flex flex-col gap-5">
        <TextField label={t("voices.form.name")} hint={t("voices.form.nameHint")} value={name} onChange={(event) => setName(event.target.value)} maxLength={100} autoComplete="off" data-autofocus required />
        <TextField label={t("voices.form.aliases")} hint={t("voices.form.aliasesHint")} value={aliases} onChange={(event) => setAliases(event.target.value)} autoComplete="off" />
        <Checkbox label={t("voices.form.shared")} hint={t("voices.form.sharedHint")} checked={isShared} onChange={(event) => setShared(event.target.checked)} />
        <div className="border-t border-line pt-5">
          <Checkbox label={t("voices.create.consentNow")} hint={t("voices.create.consentNowHint")} checked={hasConsent} onChange={(event) => setHasConsent(event.target.checked)} />
          {hasConsent && (
            <div className="mt-4 sm:pl-7">
              <ConsentFields value={consent} onChange={setConsent} />
            </div>
          )}
        </div>
        {create.isError && <Notice tone="danger">{errorText(create.error)}</Notice>}
      </form>
    </Dialog>
  );
}
