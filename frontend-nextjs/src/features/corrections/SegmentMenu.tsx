"use client";
import { Check, Combine, Pencil, Play, Quote, Scissors, Trash2 } from "lucide-react";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "@/components/ui/Menu";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { useToast } from "@/components/ui/Toast";
import { useCopyQuote } from "@/features/exports";
import type { Segment } from "@/features/meeting/model";
import { useAudio } from "@/features/meeting/player";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { useSpeakers } from "@/lib/api/speakers";
import { useCorrections } from "./context";

interface Props {
  trigger: ReactNode;
  segment: Segment;
  next: Segment | null;
  onSplit: () => void;
}

/** Opens as soon as it is there. */
export function SegmentMenu({ trigger, segment, next, onSplit }: Props) {
  const t = useTranslations("corrections");
  const say = useToast();
  const { meetingId, startEditing, join, move, confirm, remove, undo } = useCorrections();
  const speakers = useSpeakers(meetingId).data ?? [];
  const speakerLabel = useSpeakerLabel();
  const copyQuote = useCopyQuote(meetingId);
  const audio = useAudio();
  const others = speakers.filter((speaker) => speaker.label !== segment.speaker);
  const hasWords = segment.text.trim().includes(" ");
  const taken = () => {
    remove(segment);
    say(t("removed"), { action: { label: t("undo"), onClick: undo } });
  };
  return (
    <Menu trigger={trigger} defaultOpen>
      {audio.hasSound && <MenuItem icon={<Play />} onSelect={() => audio.play(segment.start, segment.end)}>{t("play")}</MenuItem>}
      {/* Later: the menu gives the focus back to its button first. */}
      <MenuItem icon={<Pencil />} onSelect={() => setTimeout(() => startEditing(segment))}>{t("edit")}</MenuItem>
      {segment.num_doubtful > 0 && <MenuItem icon={<Check />} onSelect={() => confirm(segment)}>{t("confirm")}</MenuItem>}
      <MenuSeparator />
      <MenuItem icon={<Scissors />} disabled={!hasWords} onSelect={() => setTimeout(onSplit)}>{t("split")}</MenuItem>
      <MenuItem icon={<Combine />} disabled={!next} onSelect={() => next && join(segment, next)}>{t("join")}</MenuItem>
      {others.length > 0 && (
        <>
          <MenuSeparator />
          <MenuLabel>{t("giveTo")}</MenuLabel>
          {others.map(({ label, name }) => (
            <MenuItem key={label} icon={<SpeakerDot label={label} name={name} size="sm" />} onSelect={() => move([segment], label)}>
              {speakerLabel(label, name)}
            </MenuItem>
          ))}
        </>
      )}
      <MenuSeparator />
      <MenuItem icon={<Quote />} onSelect={() => copyQuote(segment)}>{t("quote")}</MenuItem>
      <MenuItem icon={<Trash2 />} isDanger onSelect={taken}>{t("remove")}</MenuItem>
    </Menu>
  );
}
