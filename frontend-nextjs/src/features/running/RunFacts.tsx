"use client";
import { useTranslations } from "next-intl";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { bytes, duration } from "@/lib/format";
import { languageName } from "./languages";

/** What is known of the recording so far. */
export function RunFacts({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  const duration_s = meeting.duration_s ?? meeting.audio?.duration_s ?? null;
  const facts = [
    meeting.file_name && { term: t("fact.file"), value: `${meeting.file_name} · ${bytes(meeting.size_bytes, language)}` },
    duration_s !== null && { term: t("fact.duration"), value: duration(duration_s, language) },
    meeting.audio && { term: t("fact.sound"), value: `${meeting.audio.codec} · ${t("fact.channels", { count: meeting.audio.source_channels })}` },
    meeting.num_speakers !== null && { term: t("fact.speakers"), value: String(meeting.num_speakers) },
    meeting.language && { term: t("fact.language"), value: languageName(meeting.language, language) },
  ].filter((fact) => typeof fact === "object" && fact !== null);
  if (facts.length === 0) return null;
  return (
    <dl aria-label={t("facts")} className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5 border-t border-line pt-4 text-sm">
      {facts.map(({ term, value }) => (
        <div key={term} className="contents">
          <dt className="text-ink-faint">{term}</dt>
          <dd className="min-w-0 break-words text-ink-soft">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
