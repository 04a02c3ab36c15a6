"use client";
/** What was recorded: hear it, name it, send it; or throw it away, asked twice. */
import { Download, Trash2, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import { bytes, duration } from "@/lib/format";
import { useUploads } from "..";
import type { RecordingRecord } from "../shelf";
import { fileOf, theTape } from "./tape";

interface Props {
  record: RecordingRecord;
  sound: Blob;
  isCut: boolean;
  onDone: () => void;
}

export function StoppedTape({ record, sound, isCut, onDone }: Props) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const uploads = useUploads();
  const [title, setTitle] = useState(record.title);
  const [isSure, setSure] = useState(false);
  const player = useRef<HTMLAudioElement>(null);
  const copy = useRef<HTMLAnchorElement>(null);
  const named = useRef<HTMLInputElement>(null);
  useEffect(() => named.current?.focus(), []); // the button that stopped it is gone
  useEffect(() => {
    const made = URL.createObjectURL(sound);
    if (player.current) player.current.src = made;
    if (copy.current) copy.current.href = made;
    return () => URL.revokeObjectURL(made);
  }, [sound]);
  const file = fileOf(record, sound);
  const send = () => {
    uploads.addRecording(file, { title: title.trim() || record.title }, record);
    onDone();
  };
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {isCut && <Notice tone="warning">{t("micCut")}</Notice>}
      <p className="text-ink-soft tabular">
        {duration(record.durationS, language)} · {bytes(sound.size, language)}
      </p>
      <audio ref={player} controls aria-label={t("listen")} className="w-full" />
      <TextField label={t("title")} value={title} maxLength={300} ref={named} data-autofocus onFocus={(event) => event.target.select()} onChange={(event) => setTitle(event.target.value)} />
      <div className="flex flex-wrap items-center gap-2">
        <Button
          kind="danger"
          onClick={() => {
            if (!isSure) return setSure(true);
            void theTape().discard(record.id).then(onDone);
          }}
        >
          <Trash2 aria-hidden />
          {isSure ? t("discardSure") : t("discard")}
        </Button>
        <Button kind="quiet" asChild>
          <a ref={copy} href="#" download={file.name}>
            <Download aria-hidden />
            {t("saveCopy")}
          </a>
        </Button>
        <span className="flex-1" />
        <Button kind="primary" type="submit">
          <Upload aria-hidden />
          {t("sendRecording")}
        </Button>
      </div>
    </form>
  );
}
