"use client";
/** Forgetting somebody everywhere: what goes is told before, what went is told after. */
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useId, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useErrorText } from "@/features/shell/useErrorText";
import { useForgetPerson, type Forgotten, type PersonDetail } from "@/lib/api/people";
import { isSameName } from "../sameName";

type Policy = "keep" | "pseudonymise";

export function ForgetDialog({ person, onClose, onForgotten }: { person: PersonDetail; onClose: () => void; onForgotten: () => void }) {
  const t = useTranslations();
  const errorText = useErrorText();
  const router = useRouter();
  const forget = useForgetPerson(person.id);
  const [names, setNames] = useState<Policy>("keep");
  const [typed, setTyped] = useState("");
  const submit = () => {
    if (isSameName(typed, person.name)) forget.mutate(names, { onSuccess: onForgotten });
  };

  if (forget.data) {
    const leave = () => router.replace("/voices");
    return (
      <Dialog isOpen onClose={leave} title={t("voices.forget.doneTitle")} footer={<Button kind="primary" autoFocus onClick={leave}>{t("voices.forget.back")}</Button>}>
        <Report name={person.name} forgotten={forget.data} />
      </Dialog>
    );
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("voices.forget.title", { name: person.name })}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" type="submit" form="forget" isBusy={forget.isPending} disabled={!isSameName(typed, person.name)}>
            {t("voices.forget.submit")}
          </Button>
        </>
      }
    >
      <form
        id="forget"
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="text-ink-soft">
          <p className="font-medium text-ink">{t("voices.forget.goes")}</p>
          <ul className="mt-1.5 flex list-disc flex-col gap-1 pl-5">
            <li>{t("voices.forget.goesPrints", { count: person.num_voiceprints })}</li>
            <li>{t("voices.forget.goesEntry")}</li>
            <li>{t("voices.forget.goesMeetings", { count: person.num_meetings })}</li>
          </ul>
        </div>
        <Names value={names} onChange={setNames} />
        <p className="text-xs text-ink-faint">{t("voices.forget.stays")}</p>
        <TextField label={t("voices.forget.type", { name: person.name })} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" data-autofocus />
        {forget.isError && <Notice tone="danger">{errorText(forget.error)}</Notice>}
      </form>
    </Dialog>
  );
}

function Names({ value, onChange }: { value: Policy; onChange: (value: Policy) => void }) {
  const t = useTranslations("voices.forget");
  const id = useId();
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-2 font-medium">{t("names")}</legend>
      {(["keep", "pseudonymise"] as const).map((policy) => (
        <div key={policy} className="flex items-start gap-2.5">
          <input
            id={`${id}-${policy}`}
            type="radio"
            name={id}
            checked={value === policy}
            onChange={() => onChange(policy)}
            aria-describedby={`${id}-${policy}-hint`}
            className="mt-0.5 size-4.5 shrink-0 accent-accent"
          />
          <div>
            <label htmlFor={`${id}-${policy}`}>{t(policy)}</label>
            <p id={`${id}-${policy}-hint`} className="text-xs text-ink-faint">
              {policy === "keep" ? t("keepHint") : t("pseudonymiseHint")}
            </p>
          </div>
        </div>
      ))}
    </fieldset>
  );
}

function Report({ name, forgotten }: { name: string; forgotten: Forgotten }) {
  const t = useTranslations("voices.forget");
  return (
    <div role="status" className="flex flex-col gap-4">
      <p className="font-serif text-lg">{t("done", { name })}</p>
      <ul className="flex list-disc flex-col gap-1 pl-5 text-ink-soft">
        <li>{t("donePrints", { voiceprints: forgotten.voiceprints, samples: forgotten.samples })}</li>
        <li>{t("doneMeetings", { count: forgotten.meetings.length })}</li>
        {forgotten.pseudonym && <li>{t("donePseudonym", { pseudonym: forgotten.pseudonym })}</li>}
      </ul>
      <Notice>{t("backups")}</Notice>
    </div>
  );
}
