"use client";
import { useTranslations } from "next-intl";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { duration, percent } from "@/lib/format";
import { speakerColour, speakerNumber } from "@/lib/speakers";
import { Disclosure } from "./Disclosure";
import { byTalkTime } from "./draft";

type Speaker = Schemas["PreviewSpeakerOut"];

/** Who is heard how long, before anybody has a name. */
export function DraftVoices({ speakers, numTurns }: { speakers: readonly Speaker[]; numTurns: number }) {
  const t = useTranslations("running.draft");
  const { first, others } = byTalkTime(speakers);
  const most = first[0]?.share ?? 0;
  return (
    <section aria-labelledby="draft-voices" data-draft className="flex flex-col gap-3 border-t border-line pt-6 lg:first:border-t-0 lg:first:pt-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="draft-voices" className="font-serif text-lg font-semibold">
          {t("voices", { count: speakers.length })}
        </h2>
        {numTurns > 0 && <p className="text-sm text-ink-faint">{t("turns", { count: numTurns })}</p>}
      </div>
      <Voices speakers={first} most={most} />
      {others.length > 0 && (
        <Disclosure label={t("otherVoices", { count: others.length })}>
          <Voices speakers={others} most={most} />
        </Disclosure>
      )}
    </section>
  );
}

/** `most`: the share of whoever speaks longest. */
function Voices({ speakers, most }: { speakers: readonly Speaker[]; most: number }) {
  const common = useTranslations("common");
  const { language } = useLanguage();
  return (
    <ul className="flex flex-col gap-2">
      {speakers.map(({ label, share, speech_s }) => (
        <li key={label} data-speaker={speakerColour(label)} className="flex items-center gap-3 text-sm">
          <SpeakerDot label={label} size="sm" />
          <span className="w-28 shrink-0 font-medium text-speaker">{common("speaker", { number: speakerNumber(label) })}</span>
          <span aria-hidden className="h-2 min-w-0 flex-1">
            <span className="block h-full min-w-1 rounded-full bg-speaker" style={{ width: `${most > 0 ? (100 * share) / most : 0}%` }} />
          </span>
          <span className="tabular w-16 shrink-0 text-right text-ink-soft">{duration(speech_s, language)}</span>
          <span className="tabular w-11 shrink-0 text-right text-ink-faint">{percent(share, language)}</span>
        </li>
      ))}
    </ul>
  );
}
