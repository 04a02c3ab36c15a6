"use client";
import { ShieldAlert, ShieldCheck, UsersRound } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { Badge } from "@/components/ui/Badge";
import { useLanguage } from "@/features/shell/Language";
import type { Person } from "@/lib/api/people";
import { duration } from "@/lib/format";
import { Avatar } from "./Avatar";

export function PersonRow({ person }: { person: Person }) {
  const t = useTranslations("voices.row");
  const { language } = useLanguage();
  const facts = [
    t("samples", { count: person.num_voiceprints }),
    ...(person.num_voiceprints > 0 ? [t("speech", { duration: duration(person.speech_s, language) })] : []),
    ...(person.num_meetings > 0 ? [t("meetings", { count: person.num_meetings })] : []),
    ...(person.aliases.length > 0 ? [t("alias", { names: person.aliases.join(", ") })] : []),
  ];
  return (
    <li className="relative flex items-center gap-4 px-1 py-3.5 hover:bg-sunken sm:px-3">
      <Avatar name={person.name} />
      <div className="min-w-0 flex-1">
        <Link prefetch={false} href={`/voices/${person.id}`} className="block truncate text-base font-medium before:absolute before:inset-0">
          {person.name}
        </Link>
        <p className="truncate text-sm text-ink-soft">{facts.join(" · ")}</p>
      </div>
      <div className="flex flex-wrap justify-end gap-1.5">
        {person.is_shared && (
          <Badge>
            <UsersRound aria-hidden />
            {t("shared")}
          </Badge>
        )}
        {person.has_consent ? (
          <Badge tone="success" className="max-sm:hidden">
            <ShieldCheck aria-hidden />
            {t("consent")}
          </Badge>
        ) : (
          <Badge tone="warning">
            <ShieldAlert aria-hidden />
            {t("noConsent")}
          </Badge>
        )}
      </div>
    </li>
  );
}
