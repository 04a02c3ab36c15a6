"use client";
import { Pause, Play, Trash2 } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { Badge } from "@/components/ui/Badge";
import { Hint } from "@/components/ui/Hint";
import { IconButton } from "@/components/ui/IconButton";
import { useLanguage } from "@/features/shell/Language";
import { sampleUrl, type Voice } from "@/lib/api/voices";
import { day, duration } from "@/lib/format";
import { usePlay } from "./usePlay";

const CLEAN_DB = 20;
const FAIR_DB = 12;
/** A telephone ends below 4 kHz. */
const TELEPHONE_HZ = 4200;

interface Props {
  voice: Voice;
  /** Of the meeting it was heard in, where the reader may see that. */
  meetingTitle: string | undefined;
  mayChange: boolean;
  onDelete: () => void;
}

export function SampleRow({ voice, meetingTitle, mayChange, onDelete }: Props) {
  const t = useTranslations("voices.samples");
  const { language } = useLanguage();
  const play = usePlay(sampleUrl(voice.id));
  const from = t(`from.${voice.origin}`);
  const what = voice.origin === "meeting" ? meetingTitle : voice.origin === "microphone" ? undefined : voice.file_name;
  const name = what ? `${from}, ${what}` : `${from}, ${day(voice.created_at, language)}`;
  return (
    <li className="flex items-center gap-3 py-3 first:pt-0">
      {voice.has_sample && mayChange ? (
        <IconButton label={play.isPlaying ? t("stop", { name }) : t("play", { name })} onClick={play.toggle} className="bg-accent-soft text-accent">
          {play.isPlaying ? <Pause /> : <Play />}
        </IconButton>
      ) : (
        <span aria-hidden className="size-10" />
      )}
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">{from}</span>
          {what && voice.origin === "meeting" && voice.meeting_id && (
            <Link prefetch={false} href={`/meetings/${voice.meeting_id}`} className="truncate text-accent underline-offset-4 hover:underline">
              {what}
            </Link>
          )}
          {what && voice.origin !== "meeting" && <span className="max-w-full truncate text-ink-soft">{what}</span>}
          {voice.is_learned && <Explained text={t("learnedHint")} label={t("learned")} />}
          {voice.is_stale && <Explained text={t("staleHint")} label={t("stale")} tone="warning" />}
        </p>
        <p className="text-xs text-ink-faint">
          {t("speech", { duration: duration(voice.speech_s, language) })}
          <Sound voice={voice} /> · {day(voice.created_at, language)}
        </p>
        {play.hasFailed && (
          <p role="alert" className="text-xs text-danger">
            {t("noSound")}
          </p>
        )}
      </div>
      {mayChange && (
        <IconButton label={t("delete", { name })} onClick={onDelete}>
          <Trash2 />
        </IconButton>
      )}
    </li>
  );
}

function Explained({ text, label, tone = "neutral" }: { text: string; label: string; tone?: "neutral" | "warning" }) {
  return (
    <Hint text={text}>
      <button type="button" className="rounded-full">
        <Badge tone={tone}>{label}</Badge>
        <span className="sr-only">{text}</span>
      </button>
    </Hint>
  );
}

function Sound({ voice }: { voice: Voice }) {
  const t = useTranslations("voices.samples");
  const { snr_db, bandwidth_hz } = voice.quality;
  return (
    <>
      {snr_db !== null && <> · {snr_db >= CLEAN_DB ? t("sound.clean") : snr_db >= FAIR_DB ? t("sound.fair") : t("sound.noisy")}</>}
      {bandwidth_hz !== null && bandwidth_hz <= TELEPHONE_HZ && <> · {t("phone")}</>}
    </>
  );
}
