"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { Section } from "@/components/ui/Section";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useChangeMe } from "@/lib/api/accounts";
import type { Me } from "@/lib/api/me";

export function ProfileSection({ me }: { me: Me }) {
  const t = useTranslations();
  const say = useToast();
  const errorText = useErrorText();
  const change = useChangeMe();
  const [name, setName] = useState(me.user.display_name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ display_name: name.trim() }, { onSuccess: () => say(t("account.profile.saved")) });
  };
  return (
    <Section title={t("account.profile.title")}>
      <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
        <TextField
          label={t("account.profile.displayName")}
          hint={t("account.profile.displayNameHint")}
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoComplete="name"
          maxLength={100}
          error={change.isError ? errorText(change.error) : undefined}
        />
        <Button type="submit" isBusy={change.isPending} disabled={name.trim() === me.user.display_name} className="self-start">
          {t("common.save")}
        </Button>
      </form>
    </Section>
  );
}
