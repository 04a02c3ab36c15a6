"use client";
/** First run and every invitation: from a one-time password to one's own. Nobody is signed in by opening a link: it
 * fills the form, and only sending it signs in. */
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useTitle } from "@/features/shell/useTitle";
import { useMe, useSignOut } from "@/lib/api/me";
import { FIRST_ADMINISTRATOR, handOver, readInvitation, takeOver, type Invitation } from "./invitation";
import { Threshold } from "./Threshold";
import { WelcomeForm } from "./WelcomeForm";

export function WelcomePage() {
  const t = useTranslations("account");
  const me = useMe();
  const router = useRouter();
  const [isDone, setDone] = useState(false);
  const [invitation, setInvitation] = useState<Invitation>(() => takeOver() ?? readInvitation(window.location.search, window.location.hash));
  useTitle(t("welcome.title"));

  // Out of sight and out of the history; it is kept in memory only.
  useEffect(() => {
    const hide = () => window.history.replaceState(window.history.state, "", window.location.pathname);
    const pasted = () => {
      const { search, hash } = window.location;
      if (!hash) return;
      setInvitation(readInvitation(search, hash));
      hide();
    };
    handOver(null);
    if (window.location.hash || window.location.search) hide();
    window.addEventListener("hashchange", pasted);
    return () => window.removeEventListener("hashchange", pasted);
  }, []);

  const user = me.data?.user;
  const isForAnother = Boolean(invitation.oneTimePassword) && user?.username !== invitation.username.toLowerCase();
  const isIn = Boolean(user) && !user?.must_change_password;
  const isStranger = isIn && isForAnother && !isDone;
  useEffect(() => {
    if (isIn && !isStranger && !isDone) router.replace("/");
  }, [isIn, isStranger, isDone, router]);

  if (me.isPending || (isIn && !isStranger)) return <Threshold><Skeleton className="h-64" /></Threshold>;
  const isFirst = invitation.username === FIRST_ADMINISTRATOR && Boolean(invitation.oneTimePassword) && !user?.last_login_at;
  const username = user && user.must_change_password ? user.username : invitation.username;
  return (
    <Threshold>
      <h1 className="font-serif text-2xl font-semibold tracking-tight">{t("welcome.heading")}</h1>
      {isStranger ? (
        <Stranger username={user?.username ?? ""} />
      ) : (
        <>
          <p className="mt-2 text-base text-ink-soft">{isFirst ? t("welcome.firstBody") : t("welcome.body")}</p>
          <WelcomeForm
            key={`${username} ${invitation.oneTimePassword}`}
            username={username}
            oneTimePassword={invitation.oneTimePassword}
            isSignedIn={Boolean(user)}
            onDone={() => {
              setDone(true);
              router.replace("/");
            }}
          />
          <p className="mt-8 border-t border-line pt-5 text-sm">
            <SignInInstead isSignedIn={Boolean(user)} />
          </p>
        </>
      )}
    </Threshold>
  );
}

function SignInInstead({ isSignedIn }: { isSignedIn: boolean }) {
  const t = useTranslations();
  const signOut = useSignOut();
  const names = "font-medium text-accent underline underline-offset-4";
  if (isSignedIn) {
    return (
      <button type="button" className={names} onClick={() => signOut.mutate()}>
        {t("shell.signOut")}
      </button>
    );
  }
  return <Link href="/sign-in" className={names}>{t("account.welcome.haveAccount")}</Link>;
}

function Stranger({ username }: { username: string }) {
  const t = useTranslations("account.welcome");
  const router = useRouter();
  const signOut = useSignOut();
  return (
    <div className="mt-6 flex flex-col gap-5">
      <Notice tone="warning" title={t("otherAccount", { username })}>
        {t("otherAccountBody")}
      </Notice>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" onClick={() => router.replace("/")}>
          {t("stay")}
        </Button>
        <Button isBusy={signOut.isPending} onClick={() => signOut.mutate()}>
          {t("signOutFirst")}
        </Button>
      </div>
    </div>
  );
}
