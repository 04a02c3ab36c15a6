"use client";
import { Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Badge } from "@/components/ui/Badge";
import { Button } from "@/components/ui/Button";
import { Failed } from "@/components/ui/Failed";
import { Notice } from "@/components/ui/Notice";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useLanguage } from "@/features/shell/Language";
import { useConsents, type Consent, type PersonDetail } from "@/lib/api/people";
import { day } from "@/lib/format";
import { RecordConsentDialog } from "./RecordConsentDialog";
import { WithdrawDialog } from "./WithdrawDialog";

export function ConsentSection({ person }: { person: PersonDetail }) {
  const t = useTranslations("voices.consent");
  const consents = useConsents(person.id, person.may_change);
  const [isAdding, setAdding] = useState(false);
  const [going, setGoing] = useState<Consent | null>(null);
  const active = consents.data?.filter((consent) => consent.is_active) ?? [];
  return (
    <Section title={t("title")} about={t("about")}>
      {consents.isPending && <Skeleton className="h-16" />}
      {consents.isError && <Failed error={consents.error} onRetry={() => void consents.refetch()} />}
      {consents.data && !person.has_consent && <Notice tone="warning">{t("none")}</Notice>}
      <ul className="divide-y divide-line">
        {[...(consents.data ?? [])].reverse().map((consent) => (
          <ConsentLine key={consent.id} consent={consent} onWithdraw={() => setGoing(consent)} />
        ))}
      </ul>
      <Button className="mt-4" kind={person.has_consent ? "secondary" : "primary"} onClick={() => setAdding(true)}>
        <Plus aria-hidden />
        {t("add")}
      </Button>
      {isAdding && <RecordConsentDialog person={person} onClose={() => setAdding(false)} />}
      {going && <WithdrawDialog person={person} consent={going} isLast={active.length === 1} onClose={() => setGoing(null)} />}
    </Section>
  );
}

function ConsentLine({ consent, onWithdraw }: { consent: Consent; onWithdraw: () => void }) {
  const t = useTranslations("voices.consent");
  const { language } = useLanguage();
  const given = day(consent.given_at, language);
  return (
    <li className="flex items-center gap-3 py-3 first:pt-0">
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{consent.given_by}</p>
        <p className="text-xs text-ink-faint">{t("on", { day: given, version: consent.text_version })}</p>
      </div>
      {consent.is_active ? (
        <>
          <Badge tone="success">{t("active")}</Badge>
          <Button size="sm" className="max-sm:h-10" kind="quiet" aria-label={t("withdrawNamed", { day: given })} onClick={onWithdraw}>
            {t("withdraw")}
          </Button>
        </>
      ) : (
        <Badge>{t("withdrawnOn", { day: consent.withdrawn_at ? day(consent.withdrawn_at, language) : "" })}</Badge>
      )}
    </li>
  );
}
