"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Checkbox, TextArea, TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { Section } from "@/components/ui/Section";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useChangePerson, type PersonDetail } from "@/lib/api/people";
import { splitNames } from "../aliases";

export function FileSection({ person }: { person: PersonDetail }) {
  const t = useTranslations();
  const say = useToast();
  const errorText = useErrorText();
  const change = useChangePerson(person.id);
  const [name, setName] = useState(person.name);
  const [aliases, setAliases] = useState(person.aliases.join(", "));
  const [note, setNote] = useState(person.note);
  const [isShared, setShared] = useState(person.is_shared);
  const wish = { name: name.trim(), aliases: splitNames(aliases), note: note.trim(), is_shared: isShared };
  const isSame =
    wish.name === person.name && wish.aliases.join() === person.aliases.join() && wish.note === person.note && isShared === person.is_shared;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(wish, { onSuccess: () => say(t("voices.form.saved")) });
  };
  return (
    <Section title={t("voices.file.title")}>
      <form onSubmit={submit} className="flex max-w-xl flex-col gap-4">
        <TextField label={t("voices.form.name")} hint={t("voices.form.nameHint")} value={name} onChange={(event) => setName(event.target.value)} maxLength={100} autoComplete="off" required />
        <TextField label={t("voices.form.aliases")} hint={t("voices.form.aliasesHint")} value={aliases} onChange={(event) => setAliases(event.target.value)} autoComplete="off" />
        <TextArea label={t("voices.form.note")} value={note} onChange={(event) => setNote(event.target.value)} maxLength={2000} rows={3} />
        <Checkbox label={t("voices.form.shared")} hint={t("voices.form.sharedHint")} checked={isShared} onChange={(event) => setShared(event.target.checked)} />
        {change.isError && <Notice tone="danger">{errorText(change.error)}</Notice>}
        <Button type="submit" isBusy={change.isPending} disabled={isSame || !wish.name} className="self-start">
          {t("common.save")}
        </Button>
      </form>
    </Section>
  );
}
