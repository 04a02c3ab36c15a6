"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Checkbox, SelectField, TextArea, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useToast } from "@/components/ui/Toast";
import { useMayGoOn } from "@/features/corrections/useAllSent";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import type { Schemas } from "@/lib/api/client";
import { useRerunMeeting } from "@/lib/api/meetings";
import { languageName, spokenLanguages } from "./languages";
import { ModelField } from "./ModelField";
import { formOf, FRENCH_AND_ENGLISH, mistakeIn, wishesOf, type OptionsForm } from "./options";

const FORM = "run-again";

/** Runs a meeting again with other options; what people corrected stays. */
export function RerunDialog({ meeting, onClose }: { meeting: Schemas["MeetingOut"]; onClose: () => void }) {
  const t = useTranslations("running");
  const common = useTranslations("common");
  const say = useToast();
  const errorText = useErrorText();
  const rerun = useRerunMeeting();
  const mayGoOn = useMayGoOn(meeting.id);
  const [isWaiting, setWaiting] = useState(false);
  const [form, setForm] = useState(() => formOf(meeting.options));
  const [isTried, setTried] = useState(false);
  const set = (change: Partial<OptionsForm>) => setForm((old) => ({ ...old, ...change }));
  const mistake = isTried ? mistakeIn(form) : null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (mistakeIn(form) !== null) return;
    setWaiting(true); // a correction that comes during the run finds no transcript
    const may = await mayGoOn();
    setWaiting(false);
    if (!may) return;
    rerun.mutate(
      { id: meeting.id, options: wishesOf(form, meeting.options) },
      {
        onSuccess: () => {
          say(t("rerunStarted"));
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("rerunTitle")}
      footer={
        <>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind="primary" type="submit" form={FORM} isBusy={isWaiting || rerun.isPending}>
            {t("rerunDo")}
          </Button>
        </>
      }
    >
      <form id={FORM} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5 pt-1">
        {meeting.has_results && <p className="text-ink-soft">{t("correctionsKept")}</p>}
        {rerun.isError && <Notice tone="danger">{errorText(rerun.error)}</Notice>}
        <LanguageField form={form} set={set} />
        <CountFields form={form} set={set} mistake={mistake === "count" || mistake === "range" ? t(`mistake.${mistake}`) : undefined} />
        <TextArea
          label={t("option.vocabulary")}
          hint={t("option.vocabularyHint")}
          error={mistake === "term" || mistake === "terms" ? t(`mistake.${mistake}`) : undefined}
          value={form.vocabulary}
          onChange={(event) => set({ vocabulary: event.target.value })}
          rows={3}
        />
        <ModelField value={form.model} onChange={(model) => set({ model })} />
        <Checkbox label={t("option.voices")} hint={t("option.voicesHint")} checked={form.lookForVoices} onChange={(event) => set({ lookForVoices: event.target.checked })} />
      </form>
    </Dialog>
  );
}

interface Part {
  form: OptionsForm;
  set: (change: Partial<OptionsForm>) => void;
}

function LanguageField({ form, set }: Part) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  const isSeveral = form.language.includes("+");
  const isOne = !isSeveral && form.language !== "auto";
  return (
    <SelectField label={t("option.language")} value={form.language} onChange={(event) => set({ language: event.target.value })}>
      <option value="auto">{t("option.languageAuto")}</option>
      <option value={FRENCH_AND_ENGLISH}>{t("option.frenchAndEnglish")}</option>
      {isSeveral && form.language !== FRENCH_AND_ENGLISH && (
        <option value={form.language}>{form.language.split("+").map((code) => languageName(code, language)).join(", ")}</option>
      )}
      {spokenLanguages(language, isOne ? form.language : null).map(({ code, name }) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

function CountFields({ form, set, mistake }: Part & { mistake: string | undefined }) {
  const t = useTranslations("running");
  const number = { type: "number", inputMode: "numeric", min: 1, max: 50 } as const;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField label={t("option.count")} value={form.count} onChange={(event) => set({ count: event.target.value as OptionsForm["count"] })}>
        <option value="auto">{t("option.countAuto")}</option>
        <option value="exact">{t("option.countExact")}</option>
        <option value="between">{t("option.countBetween")}</option>
      </SelectField>
      {form.count === "exact" && (
        <TextField label={t("option.exact")} {...number} value={form.exact} error={mistake} onChange={(event) => set({ exact: event.target.value })} />
      )}
      {form.count === "between" && (
        <div className="grid grid-cols-2 gap-3">
          <TextField label={t("option.least")} {...number} value={form.least} error={mistake} onChange={(event) => set({ least: event.target.value })} />
          <TextField label={t("option.most")} {...number} value={form.most} onChange={(event) => set({ most: event.target.value })} />
        </div>
      )}
    </div>
  );
}
