"use client";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Notice } from "@/components/ui/Notice";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useRecordConsent, type PersonDetail } from "@/lib/api/people";
import { useConsentText } from "@/lib/api/voices";
import { instantOf, today } from "../consentDate";
import { ConsentFields } from "../ConsentFields";

export function RecordConsentDialog({ person, onClose }: { person: PersonDetail; onClose: () => void }) {
  const t = useTranslations();
  const say = useToast();
  const { language } = useLanguage();
  const errorText = useErrorText();
  const record = useRecordConsent();
  const text = useConsentText(language).data;
  const [wish, setWish] = useState({ givenBy: "", givenOn: today() });
  const submit = () => {
    if (!text) return;
    const consent = { given_by: wish.givenBy.trim(), text_version: text.version, given_at: instantOf(wish.givenOn) };
    record.mutate(
      { person_id: person.id, consent },
      {
        onSuccess: () => {
          onClose();
          say(t("voices.consent.recorded"));
        },
      },
    );
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("voices.consent.add")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="new-consent" isBusy={record.isPending} disabled={!wish.givenBy.trim() || !text}>
            {t("voices.consent.submit")}
          </Button>
        </>
      }
    >
      <form
        id="new-consent"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <ConsentFields value={wish} onChange={setWish} isFirst />
        {record.isError && <Notice tone="danger">{errorText(record.error)}</Notice>}
      </form>
    </Dialog>
  );
}
