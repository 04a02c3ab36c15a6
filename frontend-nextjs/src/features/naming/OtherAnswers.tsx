"use client";
/** What else may be said: nobody we know, let the bank decide, the same as another speaker. */
import { Combine, RotateCcw, UserX } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import type { Decision, Speaker } from "@/lib/api/speakers";

interface Props {
  speaker: Speaker;
  isBusy: boolean;
  hasOthers: boolean;
  onDecide: (decision: Decision) => void;
  onMerge: () => void;
}

export function OtherAnswers({ speaker, isBusy, hasOthers, onDecide, onMerge }: Props) {
  const t = useTranslations("naming");
  const isHuman = speaker.naming === "confirmed" || speaker.naming === "rejected";
  return (
    <div className="border-t border-line pt-2">
      <div className="-mx-2.5 flex flex-wrap">
        {hasOthers && (
          <Button size="sm" kind="quiet" className="max-sm:h-10" disabled={isBusy} onClick={onMerge}>
            <Combine aria-hidden />
            {t("sameAs")}
          </Button>
        )}
        {speaker.naming !== "rejected" && (
          <Button size="sm" kind="quiet" className="max-sm:h-10" disabled={isBusy} onClick={() => onDecide({ unknown: true })}>
            <UserX aria-hidden />
            {t("nobody")}
          </Button>
        )}
        {isHuman && (
          <Button size="sm" kind="quiet" className="max-sm:h-10" disabled={isBusy} onClick={() => onDecide({ automatic: true })}>
            <RotateCcw aria-hidden />
            {t("automatic")}
          </Button>
        )}
      </div>
    </div>
  );
}
