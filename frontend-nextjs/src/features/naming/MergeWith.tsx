"use client";
/** Two speakers are one: hear both, then say so. */
import { ArrowLeft } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { useTranscript } from "@/features/meeting/model";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { useLanguage } from "@/features/shell/Language";
import type { Speaker } from "@/lib/api/speakers";
import { cx } from "@/lib/cx";
import { duration } from "@/lib/format";
import { Samples } from "./Samples";
import { talkers } from "./shares";
import { StepFoot } from "./StepFoot";

interface Props {
  meetingId: string;
  speaker: Speaker;
  others: Speaker[];
  isBusy: boolean;
  onBack: () => void;
  onMerge: (into: Speaker) => void;
}

export function MergeWith({ meetingId, speaker, others, isBusy, onBack, onMerge }: Props) {
  const t = useTranslations();
  const speakerLabel = useSpeakerLabel();
  const { language } = useLanguage();
  const { segments } = useTranscript(meetingId, false);
  const [into, setInto] = useState<Speaker | null>(null);
  const who = speakerLabel(speaker.label, speaker.name);
  const heard = talkers(others, segments);
  return (
    <div className="flex flex-col gap-4">
      <Voice speaker={speaker} />
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1.5 text-sm font-medium">{t("naming.mergeQuestion", { who })}</legend>
        {heard.map(({ speaker: one, seconds }) => (
          <div key={one.label} className={cx("rounded-md", into?.label === one.label && "bg-sunken pb-3")}>
            <label className="flex min-h-10 cursor-pointer items-center gap-3 rounded-md px-2 py-1 hover:bg-sunken">
              <input type="radio" name="into" className="size-4 accent-accent" checked={into?.label === one.label} onChange={() => setInto(one)} />
              <SpeakerDot label={one.label} name={one.name} size="sm" />
              <span className="min-w-0 flex-1 truncate">{speakerLabel(one.label, one.name)}</span>
              <span className="tabular text-xs text-ink-faint">{duration(seconds, language)}</span>
            </label>
            {into?.label === one.label && (
              <div className="mt-1 pl-9">
                <Samples speaker={one} />
              </div>
            )}
          </div>
        ))}
        {heard.length === 0 && <p className="text-ink-soft">{t("naming.mergeNobody")}</p>}
      </fieldset>
      <StepFoot>
        <p role="status" className="basis-full text-sm text-ink-soft empty:hidden">
          {into && t("naming.mergeMeans", { who, name: speakerLabel(into.label, into.name) })}
        </p>
        <Button kind="quiet" onClick={onBack}>
          <ArrowLeft aria-hidden />
          {t("common.back")}
        </Button>
        <Button kind="primary" disabled={!into} isBusy={isBusy} onClick={() => into && onMerge(into)}>
          {t("naming.merge")}
        </Button>
      </StepFoot>
    </div>
  );
}

function Voice({ speaker }: { speaker: Speaker }) {
  const speakerLabel = useSpeakerLabel();
  return (
    <div className="flex flex-col gap-2">
      <p className="flex items-center gap-2 font-medium">
        <SpeakerDot label={speaker.label} name={speaker.name} size="sm" />
        {speakerLabel(speaker.label, speaker.name)}
      </p>
      <Samples speaker={speaker} />
    </div>
  );
}
