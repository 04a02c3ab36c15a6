"use client";
/** A speaker's name in the transcript: opens "Who is this?". What opens is made when somebody asks for it. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { useSpeakerLabel } from "@/features/meeting/useSpeakerLabel";
import { WhoButton } from "./WhoButton";

interface Props {
  meetingId: string;
  label: string | null;
  name: string | null;
}

export function SpeakerName({ meetingId, label, name }: Props) {
  const t = useTranslations("naming");
  const called = useSpeakerLabel()(label, name);
  const [isOpen, setOpen] = useState(false);
  if (label === null) return <span>{called}</span>;
  return (
    <WhoButton
      meetingId={meetingId}
      label={label}
      isOpen={isOpen}
      onOpenChange={setOpen}
      aria-label={name ? t("changeName", { name: called }) : t("whoIs", { name: called })}
      className="inline-flex min-h-8 max-w-[calc(100%+0.75rem)] items-center rounded-sm text-left text-speaker decoration-dotted underline-offset-4 hover:underline max-sm:min-h-10"
    >
      <span className="truncate">{called}</span>
    </WhoButton>
  );
}
