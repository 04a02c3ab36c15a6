"use client";
import { ArrowLeft, ShieldAlert, ShieldCheck, UserRoundX, UsersRound } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { Failed } from "@/components/ui/Failed";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useLanguage } from "@/features/shell/Language";
import { useTitle } from "@/features/shell/useTitle";
import { ApiError } from "@/lib/api/client";
import { usePerson, type PersonDetail } from "@/lib/api/people";
import { duration } from "@/lib/format";
import { usePathId } from "@/lib/usePathId";
import { Avatar } from "./Avatar";
import { ConsentSection } from "./person/ConsentSection";
import { DataSection } from "./person/DataSection";
import { FileSection } from "./person/FileSection";
import { MeetingsSection } from "./person/MeetingsSection";
import { SamplesSection } from "./person/SamplesSection";

export function PersonPage() {
  const t = useTranslations("voices");
  const id = usePathId();
  const [forgotten, setForgotten] = useState<PersonDetail | null>(null);
  const person = usePerson(id, forgotten === null);
  useTitle(person.data?.name ?? t("title"));
  const shown = forgotten ?? person.data;
  const isGone = person.error instanceof ApiError && [404, 422].includes(person.error.status);
  return (
    <div className="mx-auto w-full max-w-5xl px-4 py-6 sm:px-6 sm:py-8">
      <Link prefetch={false} href="/voices" className="mb-4 inline-flex min-h-8 items-center gap-1.5 text-sm text-ink-soft hover:text-ink">
        <ArrowLeft aria-hidden className="size-4" />
        {t("title")}
      </Link>
      {!shown && person.isPending && <Loading />}
      {!shown && isGone && <Gone />}
      {!shown && person.isError && !isGone && <Failed error={person.error} onRetry={() => void person.refetch()} />}
      {shown && <Shown key={shown.id} person={shown} onForgotten={() => setForgotten(shown)} />}
    </div>
  );
}

function Shown({ person, onForgotten }: { person: PersonDetail; onForgotten: () => void }) {
  const t = useTranslations("voices");
  const [isConsentFirst] = useState(!person.has_consent); // it stays where it is while one works with it
  return (
    <>
      <Heading person={person} />
      {!person.may_change && <div className="mb-8"><Notice>{t("person.readOnly")}</Notice></div>}
      {person.may_change && isConsentFirst && <ConsentSection person={person} />}
      <SamplesSection person={person} />
      <MeetingsSection person={person} />
      {person.may_change && (
        <>
          {!isConsentFirst && <ConsentSection person={person} />}
          <FileSection person={person} />
          <DataSection person={person} onForgotten={onForgotten} />
        </>
      )}
    </>
  );
}

function Heading({ person }: { person: PersonDetail }) {
  const t = useTranslations("voices.row");
  const { language } = useLanguage();
  const facts = [
    t("samples", { count: person.num_voiceprints }),
    ...(person.num_voiceprints > 0 ? [t("speech", { duration: duration(person.speech_s, language) })] : []),
    t("meetings", { count: person.num_meetings }),
    ...(person.aliases.length > 0 ? [t("alias", { names: person.aliases.join(", ") })] : []),
  ];
  return (
    <header className="mb-8 flex items-center gap-4">
      <Avatar name={person.name} size="lg" />
      <div className="min-w-0 flex-1">
        <h1 className="font-serif text-2xl font-semibold tracking-tight break-words">{person.name}</h1>
        <p className="text-ink-soft">{facts.join(" · ")}</p>
        <div className="mt-2 flex flex-wrap gap-1.5">
          <Badge tone={person.has_consent ? "success" : "warning"}>
            {person.has_consent ? <ShieldCheck aria-hidden /> : <ShieldAlert aria-hidden />}
            {person.has_consent ? t("consent") : t("noConsent")}
          </Badge>
          <Badge>
            {person.is_shared && <UsersRound aria-hidden />}
            {person.is_shared ? t("shared") : t("private")}
          </Badge>
        </div>
      </div>
    </header>
  );
}

function Gone() {
  const t = useTranslations("voices");
  return (
    <EmptyState icon={<UserRoundX />} title={t("person.gone")} actions={<Button asChild kind="primary"><Link prefetch={false} href="/voices">{t("forget.back")}</Link></Button>} />
  );
}

function Loading() {
  const t = useTranslations("common");
  return (
    <div role="status" className="flex flex-col gap-6">
      <span className="sr-only">{t("loading")}</span>
      <Skeleton className="h-16 max-w-md" />
      <Skeleton className="h-40" />
      <Skeleton className="h-40" />
    </div>
  );
}
