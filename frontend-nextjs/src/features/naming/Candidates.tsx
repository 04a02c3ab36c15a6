"use client";
/** Whom the voice bank offers, and where it offers nobody, why. */
import { Check } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { useLanguage } from "@/features/shell/Language";
import type { Decision, Speaker } from "@/lib/api/speakers";
import { percent } from "@/lib/format";
import { LEAST_SHOWN, likelihood, shownShare } from "./probability";

interface Props {
  speaker: Speaker;
  isBusy: boolean;
  onDecide: (decision: Decision) => void;
}

export function Candidates({ speaker, isBusy, onDecide }: Props) {
  const t = useTranslations("naming");
  const isSettled = speaker.naming === "confirmed";
  const offered = speaker.candidates.filter(({ person_id, probability }) => probability >= LEAST_SHOWN && !(isSettled && person_id === speaker.person?.id));
  if (isSettled && offered.length === 0) return null;
  return (
    <section aria-label={t("candidates")}>
      {offered.length > 0 && (
        <ul className="divide-y divide-line rounded-md border border-line">
          {offered.map((one) => (
            <li key={one.person_id} className="flex items-center gap-3 py-2 pr-2 pl-3">
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">{one.name}</p>
                <p className="text-xs text-ink-faint">
                  <Chance probability={one.probability} />
                </p>
              </div>
              <Button size="sm" disabled={isBusy} className="max-sm:h-10" aria-label={t("itIsName", { name: one.name })} onClick={() => onDecide({ person_id: one.person_id })}>
                <Check aria-hidden />
                {t("itIs")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {!isSettled && <Why speaker={speaker} hasOffers={offered.length > 0} />}
    </section>
  );
}

/** "Likely (87 %)". */
export function Chance({ probability }: { probability: number }) {
  const t = useTranslations("naming");
  const { language } = useLanguage();
  return t("chance", { words: t(`likelihood.${likelihood(probability)}`), share: percent(shownShare(probability), language) });
}

function Why({ speaker, hasOffers }: { speaker: Speaker; hasOffers: boolean }) {
  const t = useTranslations("naming");
  const { reason, naming } = speaker;
  if (naming === "auto" || (naming === "suggested" && hasOffers)) return null;
  const code = reason ?? "not-asked";
  const key = `reason.${code}` as "reason.below-threshold";
  return <p className="mt-2 text-xs text-ink-faint first:mt-0">{t.has(key) ? t(key) : t("reason.other")}</p>;
}
