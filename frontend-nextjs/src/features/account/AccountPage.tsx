"use client";
import { useTranslations } from "next-intl";
import { PageHeader } from "@/components/ui/PageHeader";
import { Section } from "@/components/ui/Section";
import { useLanguage } from "@/features/shell/Language";
import { useTitle } from "@/features/shell/useTitle";
import { useMe } from "@/lib/api/me";
import { day } from "@/lib/format";
import { LookChoices } from "./LookChoices";
import { PasswordSection } from "./PasswordSection";
import { ProfileSection } from "./ProfileSection";
import { SessionsSection } from "./SessionsSection";
import { ShortcutsSection } from "./ShortcutsSection";
import { TokensSection } from "./TokensSection";

export function AccountPage() {
  const t = useTranslations("account");
  const { language } = useLanguage();
  const me = useMe().data;
  useTitle(t("title"));
  if (!me) return null; // the frame waits for it
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-8 sm:px-6 sm:py-10">
      <PageHeader title={me.user.display_name || me.user.username}>
        <p>
          {me.user.username} · {t(`role.${me.user.role}`)} · {t("since", { day: day(me.user.created_at, language) })}
        </p>
      </PageHeader>
      <ProfileSection me={me} />
      <Section title={t("look.title")} about={t("look.body")}>
        <LookChoices />
      </Section>
      <PasswordSection username={me.user.username} />
      <SessionsSection />
      <TokensSection isAdministrator={me.scopes.includes("admin")} />
      <ShortcutsSection />
    </div>
  );
}
