"use client";
import { FileAudio, FileX, Upload, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { useRef } from "react";
import { IconButton } from "@/components/ui/IconButton";
import { useLanguage } from "@/features/shell/Language";
import { bytes } from "@/lib/format";
import { cx } from "@/lib/cx";
import type { FileProblem } from "./files";

/** What the file dialogs of systems show first; anything else can be chosen, too. */
const ACCEPTED = "audio/*,video/*,.m4a,.mka,.mkv,.opus,.oga,.flac,.amr,.wma,.aac,.caf,.ts,.mts";

interface Props {
  files: File[];
  problems: Map<File, FileProblem | null>;
  onFiles: (files: File[]) => void;
}

export function ChosenFiles({ files, problems, onFiles }: Props) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <div className="flex flex-col gap-3">
      <button
        ref={button}
        type="button"
        data-autofocus
        onClick={() => input.current?.click()}
        className={cx("flex w-full items-center justify-center gap-3 rounded-lg border border-dashed border-line-strong text-ink-soft hover:border-accent hover:text-accent", files.length > 0 ? "py-3" : "flex-col py-10")}
      >
        <Upload aria-hidden className={files.length > 0 ? "size-5" : "size-7"} />
        <span className="font-medium">{files.length > 0 ? t("addFiles") : t("chooseFiles")}</span>
        {files.length === 0 && <span className="px-4 text-xs text-ink-faint">{t("formats")}</span>}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        accept={ACCEPTED}
        tabIndex={-1}
        aria-label={t("chooseFiles")}
        className="sr-only"
        onChange={(event) => {
          const chosen = Array.from(event.target.files ?? []);
          const isSame = (a: File, b: File) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
          onFiles([...files, ...chosen.filter((file) => !files.some((other) => isSame(file, other)))]);
          event.target.value = "";
        }}
      />
      {files.length > 0 && (
        <ul aria-label={t("chosen")} className="max-h-48 overflow-y-auto">
          {files.map((file) => {
            const problem = problems.get(file);
            return (
              <li key={`${file.name}-${file.size}-${file.lastModified}`} className="flex items-center gap-3 border-b border-line py-1.5">
                {problem ? <FileX aria-hidden className="size-5 shrink-0 text-danger" /> : <FileAudio aria-hidden className="size-5 shrink-0 text-accent" />}
                <div className="min-w-0 flex-1">
                  <p className="truncate">{file.name}</p>
                  {problem ? <p className="text-xs text-danger">{t(`problem.${problem}`)}</p> : <p className="text-xs text-ink-faint tabular">{bytes(file.size, language)}</p>}
                </div>
                <IconButton
                  size="sm"
                  label={t("remove", { name: file.name })}
                  onClick={() => {
                    onFiles(files.filter((one) => one !== file));
                    button.current?.focus();
                  }}
                >
                  <X />
                </IconButton>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
