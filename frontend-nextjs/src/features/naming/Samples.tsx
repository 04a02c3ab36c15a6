"use client";
/** Three stretches in which nobody but this speaker talks. */
import { Pause, Play } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { useAudio, usePlayer } from "@/features/meeting/player";
import { useLanguage } from "@/features/shell/Language";
import type { Speaker } from "@/lib/api/speakers";
import { clock, duration } from "@/lib/format";
import { samplesOf } from "./samples";

export function Samples({ speaker }: { speaker: Speaker }) {
  const t = useTranslations("naming");
  const { language } = useLanguage();
  const { play, pause, isPlaying } = usePlayer();
  const { hasSound } = useAudio();
  const [heard, setHeard] = useState<number | null>(null);
  const samples = samplesOf(speaker.spans);
  if (!hasSound) return <p className="text-xs text-ink-faint">{t("noRecording")}</p>;
  if (samples.length === 0) return <p className="text-xs text-ink-faint">{t("noSample")}</p>;
  return (
    <div role="group" aria-label={t("samples")} className="flex flex-wrap gap-2">
      {samples.map((span, number) => {
        const isHeard = isPlaying && heard === number;
        const length = duration(span.end_s - span.start_s, language);
        const hear = () => {
          if (isHeard) return pause();
          setHeard(number);
          play(span.start_s, span.end_s);
        };
        return (
          <Button
            key={number}
            size="sm"
            className="max-sm:h-10"
            aria-pressed={isHeard}
            aria-label={t("hearSample", { number: number + 1, time: clock(span.start_s), length })}
            onClick={hear}
          >
            {isHeard ? <Pause aria-hidden /> : <Play aria-hidden />}
            <span className="tabular">{length}</span>
          </Button>
        );
      })}
    </div>
  );
}
