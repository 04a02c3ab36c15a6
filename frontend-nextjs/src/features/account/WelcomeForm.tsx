"use client";
import { useTranslations } from "next-intl";
import { useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { PasswordField } from "@/components/ui/PasswordField";
import { useErrorText } from "@/features/shell/useErrorText";
import { useChangeMe, useSetUp } from "@/lib/api/accounts";
import { isApiError } from "@/lib/api/client";
import { NewPasswordField } from "./NewPasswordField";
import { strengthOf } from "./strength";

interface Props {
  username: string;
  oneTimePassword: string;
  /** With the one-time password: it need not be used for signing in any more. */
  isSignedIn: boolean;
  onDone: () => void;
}

export function WelcomeForm({ username: known, oneTimePassword: given, isSignedIn, onDone }: Props) {
  const t = useTranslations("account");
  const errorText = useErrorText();
  const setUp = useSetUp();
  const changeMe = useChangeMe();
  const [username, setUsername] = useState(known);
  const [oneTimePassword, setOneTimePassword] = useState(given);
  const [newPassword, setNewPassword] = useState("");
  const [displayName, setDisplayName] = useState("");
  const isInvited = Boolean(known && given);
  const isStale = isApiError(setUp.error, "access.wrong_credentials") || isApiError(setUp.error, "request.invalid");
  const isWeak = isApiError(setUp.error, "access.weak_password");

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const name = displayName.trim();
    try {
      await setUp.mutateAsync({ username: username.trim(), oneTimePassword: oneTimePassword.trim(), newPassword, isSignedIn });
      if (name) await changeMe.mutateAsync({ display_name: name }).catch(() => undefined); // to be given later in the account
      onDone();
    } catch {
      // said below
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} className="mt-8 flex flex-col gap-5">
      {isInvited || (isSignedIn && known) ? (
        <>
          <p className="text-sm text-ink-soft">{t("welcome.as", { username: known })}</p>
          <input type="text" name="username" value={known} autoComplete="username" readOnly hidden />
        </>
      ) : (
        <TextField
          label={t("username")}
          name="username"
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          required
        />
      )}
      {(!isInvited || isStale) && (
        <PasswordField
          label={t("welcome.oneTime")}
          hint={t("welcome.oneTimeHint")}
          name="one-time-password"
          value={oneTimePassword}
          onChange={(event) => setOneTimePassword(event.target.value)}
          autoComplete="off"
          error={isStale ? t("welcome.stale") : undefined}
          required
        />
      )}
      <NewPasswordField
        label={t("welcome.newPassword")}
        value={newPassword}
        onChange={setNewPassword}
        username={username}
        isFirst={isInvited}
        error={isWeak ? errorText(setUp.error) : undefined}
      />
      <TextField label={t("welcome.displayName")} name="name" value={displayName} onChange={(event) => setDisplayName(event.target.value)} autoComplete="name" maxLength={100} />
      {setUp.isError && !isStale && !isWeak && <Notice tone="danger">{errorText(setUp.error)}</Notice>}
      <Button kind="primary" size="lg" type="submit" isBusy={setUp.isPending || changeMe.isPending} disabled={strengthOf(newPassword, username) === "short"}>
        {t("welcome.submit")}
      </Button>
    </form>
  );
}
