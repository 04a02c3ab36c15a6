"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import { PasswordField } from "@/components/ui/PasswordField";
import { Section } from "@/components/ui/Section";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { isApiError } from "@/lib/api/client";
import { useChangePassword } from "@/lib/api/me";
import { keys } from "@/lib/query";
import { NewPasswordField } from "./NewPasswordField";
import { strengthOf } from "./strength";

export function PasswordSection({ username }: { username: string }) {
  const t = useTranslations("account");
  const say = useToast();
  const errorText = useErrorText();
  const client = useQueryClient();
  const change = useChangePassword();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const isWrong = isApiError(change.error, "access.wrong_credentials");
  const isWeak = isApiError(change.error, "access.weak_password");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { current_password: current, new_password: next },
      {
        onSuccess: () => {
          setCurrent("");
          setNext("");
          say(t("passwordSection.done"));
          void client.invalidateQueries({ queryKey: keys.sessions });
        },
      },
    );
  };
  return (
    <Section title={t("passwordSection.title")} about={t("passwordSection.body")}>
      <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
        <input type="text" name="username" value={username} autoComplete="username" readOnly hidden />
        <PasswordField
          label={t("passwordSection.current")}
          value={current}
          onChange={(event) => setCurrent(event.target.value)}
          autoComplete="current-password"
          error={isWrong ? t("passwordSection.currentWrong") : undefined}
          required
        />
        <NewPasswordField
          label={t("passwordSection.new")}
          value={next}
          onChange={setNext}
          username={username}
          error={isWeak ? errorText(change.error) : undefined}
        />
        {change.isError && !isWrong && !isWeak && <Notice tone="danger">{errorText(change.error)}</Notice>}
        <Button type="submit" isBusy={change.isPending} disabled={!current || strengthOf(next, username) === "short"} className="self-start">
          {t("passwordSection.submit")}
        </Button>
      </form>
    </Section>
  );
}
