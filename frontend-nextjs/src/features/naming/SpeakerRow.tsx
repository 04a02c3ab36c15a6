"use client";
import { Check, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { useLanguage } from "@/features/shell/Language";
import type { Speaker } from "@/lib/api/speakers";
import { duration, percent } from "@/lib/format";
import { speakerColour } from "@/lib/speakers";
import { Chance } from "./Candidates";
import type { Talker } from "./shares";
import { useDecide } from "./useDecide";
import { WhoButton } from "./WhoButton";
import { NameState } from "./WhoItIs";

interface Props {
  meetingId: string;
  talker: Talker;
}

export function SpeakerRow({ meetingId, talker: { speaker, seconds, share, num_segments } }: Props) {
  const t = useTranslations("naming");
  const { language } = useLanguage();
  const called = useSpeakerLabel()(speaker.label, speaker.name);
  const [isOpen, setOpen] = useState(false);
  return (
    <li data-speaker={speakerColour(speaker.label)} className="flex gap-3 py-3">
      <SpeakerDot label={speaker.label} name={speaker.name} />
      <div className="min-w-0 flex-1">
        <div className="flex items-center gap-1">
          <WhoButton
            meetingId={meetingId}
            label={speaker.label}
            isOpen={isOpen}
            onOpenChange={setOpen}
            aria-label={speaker.name ? t("changeName", { name: called }) : t("whoIs", { name: called })}
            className="-mx-1.5 min-h-8 min-w-0 flex-1 truncate rounded-sm px-1.5 text-left font-medium hover:underline max-sm:min-h-10"
          >
            {called}
          </WhoButton>
        </div>
        <NameState speaker={speaker} />
        <div aria-hidden className="mt-1.5 h-1 overflow-hidden rounded-full bg-line">
          <div className="h-full rounded-full bg-speaker" style={{ width: `${Math.max(1, share * 100)}%` }} />
        </div>
        <p className="tabular mt-1 text-xs text-ink-faint">
          {t("talk", { share: percent(share, language), time: duration(seconds, language), count: num_segments })}
        </p>
        {speaker.naming === "suggested" && speaker.suggestion && <Suggestion meetingId={meetingId} speaker={speaker} suggestion={speaker.suggestion} />}
      </div>
    </li>
  );
}

/** Is it her? Yes or no, without opening anything. */
function Suggestion({ meetingId, speaker, suggestion }: { meetingId: string; speaker: Speaker; suggestion: { id: string; name: string } }) {
  const t = useTranslations("naming");
  const { decide, isBusy } = useDecide(meetingId);
  return (
    <div className="mt-2 rounded-md bg-accent-soft px-3 py-2 text-sm">
      <p>
        {t("isIt", { name: suggestion.name })}{" "}
        {speaker.probability !== null && (
          <span className="text-xs text-ink-soft">
            <Chance probability={speaker.probability} />
          </span>
        )}
      </p>
      <div className="mt-1.5 flex gap-2">
        <Button size="sm" kind="primary" disabled={isBusy} className="max-sm:h-10" onClick={() => void decide(speaker, { person_id: suggestion.id })}>
          <Check aria-hidden />
          {t("yes")}
        </Button>
        <Button size="sm" disabled={isBusy} className="max-sm:h-10" onClick={() => void decide(speaker, { unknown: true })}>
          <X aria-hidden />
          {t("no")}
        </Button>
      </div>
    </div>
  );
}
