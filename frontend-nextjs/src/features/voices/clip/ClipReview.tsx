"use client";
/** A clip before it is sent: to be heard again, or made anew. */
import { useTranslations } from "next-intl";
import { useEffect, useRef, type ReactNode } from "react";
import { Button } from "@/components/ui/Button";
import type { Clip } from "@/lib/api/voices";

interface Props {
  clip: Clip;
  action: ReactNode;
  isBusy: boolean;
  onSend: () => void;
  onAgain: () => void;
}

export function ClipReview({ clip, action, isBusy, onSend, onAgain }: Props) {
  const t = useTranslations("voices.clip");
  const audioRef = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const url = URL.createObjectURL(clip.file);
    if (audioRef.current) audioRef.current.src = url;
    return () => URL.revokeObjectURL(url);
  }, [clip]);
  return (
    <div className="flex flex-col gap-4">
      <div>
        <p className="mb-2 text-sm font-medium break-all">{clip.origin === "clip" ? clip.name : t("listen")}</p>
        <audio ref={audioRef} controls aria-label={t("listen")} className="w-full" />
      </div>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" autoFocus isBusy={isBusy} onClick={onSend}>
          {isBusy ? t("sending") : action}
        </Button>
        <Button kind="quiet" disabled={isBusy} onClick={onAgain}>
          {t("again")}
        </Button>
      </div>
      <p role="status" className="sr-only">{isBusy ? t("sending") : ""}</p>
    </div>
  );
}
