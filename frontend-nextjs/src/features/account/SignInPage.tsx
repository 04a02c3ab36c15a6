"use client";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { PasswordField } from "@/components/ui/PasswordField";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTitle } from "@/features/shell/useTitle";
import { ApiError, isApiError } from "@/lib/api/client";
import { useMe, useSignIn } from "@/lib/api/me";
import { handOver } from "./invitation";
import { ownPath } from "./ownPath";
import { Threshold } from "./Threshold";
import { useCountdown } from "./useCountdown";

export function SignInPage() {
  const t = useTranslations("account");
  const me = useMe();
  const router = useRouter();
  useTitle(t("signIn.title"));

  const isIn = Boolean(me.data);
  const mustChoose = me.data?.must_change_password ?? false;
  useEffect(() => {
    if (isIn) router.replace(mustChoose ? "/welcome" : ownPath(window.location.search, window.location.origin));
  }, [isIn, mustChoose, router]);

  return (
    <Threshold>
      <h1 className="font-serif text-2xl font-semibold tracking-tight">{t("promise")}</h1>
      <p className="mt-2 text-base text-ink-soft">{t("promiseMore")}</p>
      <SignInForm />
      <p className="mt-8 border-t border-line pt-5 text-sm text-ink-soft">
        {t("signIn.firstTime")}{" "}
        <Link href="/welcome" className="font-medium text-accent underline underline-offset-4">
          {t("signIn.setUp")}
        </Link>
      </p>
      <p className="mt-2 text-sm text-ink-faint">{t("signIn.forgotten")}</p>
    </Threshold>
  );
}

function SignInForm() {
  const t = useTranslations("account");
  const signIn = useSignIn();
  const [left, wait] = useCountdown();
  const passwordRef = useRef<HTMLInputElement>(null);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (left > 0 || signIn.isPending) return;
    signIn.mutate(
      { username: username.trim(), password },
      {
        onSuccess: ({ must_change_password }) => {
          if (must_change_password) handOver({ username: username.trim(), oneTimePassword: password });
        },
        onError: (error) => {
          if (error instanceof ApiError && error.problem.retry_after_s) wait(error.problem.retry_after_s);
          passwordRef.current?.select();
        },
      },
    );
  };

  return (
    <form onSubmit={submit} className="mt-8 flex flex-col gap-5">
      <TextField
        label={t("username")}
        name="username"
        value={username}
        onChange={(event) => setUsername(event.target.value)}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={64}
        autoFocus
        required
      />
      <PasswordField
        ref={passwordRef}
        label={t("password")}
        name="password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        autoComplete="current-password"
        required
      />
      {signIn.isError && <Notice tone="danger"><SignInFailure error={signIn.error} /></Notice>}
      <Button kind="primary" size="lg" type="submit" isBusy={signIn.isPending || signIn.isSuccess} disabled={left > 0}>
        {left > 0 ? t("signIn.wait", { seconds: left }) : t("signIn.submit")}
      </Button>
    </form>
  );
}

function SignInFailure({ error }: { error: unknown }) {
  const t = useTranslations("account");
  const errorText = useErrorText();
  if (isApiError(error, "request.rate_limited") && error.problem.retry_after_s) {
    return t("signIn.tooMany", { seconds: Math.ceil(error.problem.retry_after_s) });
  }
  // A name that no user can have is as wrong as any other.
  return errorText(isApiError(error, "request.invalid") ? new ApiError({ ...error.problem, code: "access.wrong_credentials" }) : error);
}
