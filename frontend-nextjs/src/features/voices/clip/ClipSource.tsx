"use client";
/** Where a clip comes from: the microphone, or a file. */
import { FileAudio, Mic, Square } from "lucide-react";
import { useTranslations } from "next-intl";
import { useCallback, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import type { Clip } from "@/lib/api/voices";
import { LONGEST_S, useClipRecorder, type Recorded } from "./useClipRecorder";

const ENOUGH_S = 25;

export function ClipSource({ onClip }: { onClip: (clip: Clip) => void }) {
  const t = useTranslations("voices.clip");
  const fileRef = useRef<HTMLInputElement>(null);
  const recorded = useCallback(({ blob, name }: Recorded) => onClip({ file: blob, name, origin: "microphone" }), [onClip]);
  const recorder = useClipRecorder(recorded);

  if (recorder.state === "recording") return <Recording seconds={recorder.seconds} level={recorder.level} onStop={recorder.stop} />;
  return (
    <div className="flex flex-col gap-4">
      {recorder.state === "denied" && <Notice tone="warning">{t("noMicrophone")}</Notice>}
      {recorder.state === "insecure" && <Notice tone="warning">{t("insecure")}</Notice>}
      <div className="flex flex-wrap items-center gap-3">
        <Button kind="primary" data-autofocus isBusy={recorder.state === "asking"} onClick={() => void recorder.start()}>
          <Mic aria-hidden />
          {t("record")}
        </Button>
        <span className="text-ink-faint">{t("or")}</span>
        <Button onClick={() => fileRef.current?.click()}>
          <FileAudio aria-hidden />
          {t("file")}
        </Button>
        <input
          ref={fileRef}
          type="file"
          accept="audio/*,video/*,.flac,.opus,.ogg,.m4a,.wav,.mp3"
          aria-label={t("file")}
          className="hidden"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) onClip({ file, name: file.name.slice(0, 255), origin: "clip" });
            event.target.value = "";
          }}
        />
      </div>
      <Passage />
    </div>
  );
}

function Passage() {
  const t = useTranslations("voices.clip");
  return (
    <figure className="border-l-2 border-line pl-4">
      <figcaption className="text-xs text-ink-faint">{t("read")}</figcaption>
      <blockquote className="mt-1 font-serif text-read text-ink">{t("passage")}</blockquote>
    </figure>
  );
}

function Recording({ seconds, level, onStop }: { seconds: number; level: number; onStop: () => void }) {
  const t = useTranslations("voices.clip");
  const isEnough = seconds >= ENOUGH_S;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex items-center gap-4">
        <span aria-hidden className="size-2.5 shrink-0 animate-pulse rounded-full bg-danger" />
        <span className="tabular w-12 text-lg" role="timer" aria-label={t("recording")}>
          {t("seconds", { seconds })}
        </span>
        <div role="meter" aria-label={t("level")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(level * 100)} className="h-2 min-w-0 flex-1 overflow-hidden rounded-full bg-line">
          <div className="h-full rounded-full bg-accent" style={{ width: `${level * 100}%` }} />
        </div>
        <Button kind={isEnough ? "primary" : "secondary"} onClick={onStop} autoFocus>
          <Square aria-hidden />
          {t("stop")}
        </Button>
      </div>
      <p role="status" className="text-sm text-ink-soft">
        {isEnough ? t("enough") : t("goOn", { seconds: Math.min(LONGEST_S, Math.ceil((ENOUGH_S - seconds) / 5) * 5) })}
      </p>
      <Passage />
    </div>
  );
}
