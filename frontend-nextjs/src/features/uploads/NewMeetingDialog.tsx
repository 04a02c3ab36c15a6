"use client";
/** Files, and what one knows of the meeting. Only the files are needed. */
import { Mic } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { SelectField, TextArea, TextField } from "@/components/ui/Field";
import { useUploads } from ".";
import { useLanguage } from "@/features/shell/Language";
import { largestUpload } from "@/lib/api/uploads";
import { ChosenFiles } from "./ChosenFiles";
import { checkFile, dayOfFile, titleOf, type FileProblem } from "./files";
import { languageChoices } from "./languages";
import type { Wishes } from "./model";
import { TagField } from "./TagField";

const REMEMBERED = "scribe.wishes";
const MOST_SPEAKERS = 50;

interface Props {
  files: File[];
  onFiles: (files: File[]) => void;
  onClose: () => void;
}

export function NewMeetingDialog({ files, onFiles, onClose }: Props) {
  const t = useTranslations("uploads");
  const common = useTranslations("common");
  const uploads = useUploads();
  const { language } = useLanguage();
  const problems = useProblems(files);
  const good = files.filter((file) => problems.get(file) === null);
  const only = good.length === 1 ? good[0] : undefined;
  const [title, setTitle] = useState<string | null>(null);
  const [heldOn, setHeldOn] = useState<string | null>(null);
  const [wishes, setWishes] = useState<Wishes>(remembered);
  const [now] = useState(() => Date.now());
  const change = (part: Wishes) => setWishes((before) => ({ ...before, ...part }));
  const shownTitle = title ?? (only ? titleOf(only.name) : "");
  const shownDay = heldOn ?? (only ? (dayOfFile(only.name, only.lastModified, now) ?? "") : "");

  const send = () => {
    const common: Wishes = { tags: wishes.tags, language: wishes.language, speakers: wishes.speakers, vocabulary: wishes.vocabulary };
    const own: Wishes = only ? { title: shownTitle.trim() || titleOf(only.name), heldOn: shownDay || undefined } : {};
    localStorage.setItem(REMEMBERED, JSON.stringify({ language: wishes.language, vocabulary: wishes.vocabulary }));
    void uploads.add(good, { ...common, ...own });
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t("newTitle")}
      footer={
        <>
          <Button
            kind="quiet"
            className="mr-auto"
            onClick={() => {
              onClose();
              uploads.record();
            }}
          >
            <Mic aria-hidden />
            <span className="max-sm:sr-only">{t("recordInstead")}</span>
          </Button>
          <Button onClick={onClose}>{common("cancel")}</Button>
          <Button kind="primary" type="submit" form="new-meeting" disabled={good.length === 0}>
            {t("send", { count: good.length })}
          </Button>
        </>
      }
    >
      <form
        id="new-meeting"
        noValidate
        className="flex flex-col gap-5 pt-1"
        onSubmit={(event) => {
          event.preventDefault();
          if (good.length > 0) send();
        }}
      >
        <ChosenFiles files={files} problems={problems} onFiles={onFiles} />
        {good.length > 0 && (
          <fieldset className="flex flex-col gap-4">
            <legend className="mb-3 w-full border-b border-line pb-2 text-xs font-semibold tracking-wide text-ink-faint uppercase">{t("details")}</legend>
            {only ? (
              <div className="grid gap-4 sm:grid-cols-[1fr_11rem]">
                <TextField label={t("title")} value={shownTitle} maxLength={300} onChange={(event) => setTitle(event.target.value)} />
                <TextField type="date" label={t("heldOn")} value={shownDay} onChange={(event) => setHeldOn(event.target.value)} />
              </div>
            ) : (
              <p className="text-sm text-ink-soft">{t("forAll")}</p>
            )}
            <div className="grid gap-4 sm:grid-cols-2">
              <SelectField label={t("language")} value={wishes.language ?? ""} onChange={(event) => change({ language: event.target.value || undefined })}>
                <option value="">{t("languageAuto")}</option>
                {languageChoices(language).map(({ code, name }) => (
                  <option key={code} value={code}>
                    {name}
                  </option>
                ))}
              </SelectField>
              <SelectField label={t("speakers")} value={wishes.speakers ?? ""} onChange={(event) => change({ speakers: Number(event.target.value) || undefined })}>
                <option value="">{t("speakersAuto")}</option>
                {Array.from({ length: MOST_SPEAKERS }, (_, place) => (
                  <option key={place} value={place + 1}>
                    {t("speakersCount", { count: place + 1 })}
                  </option>
                ))}
              </SelectField>
            </div>
            <TextArea
              label={t("vocabulary")}
              hint={t("vocabularyHint")}
              rows={2}
              value={wishes.vocabulary ?? ""}
              onChange={(event) => change({ vocabulary: event.target.value })}
            />
            <TagField tags={wishes.tags ?? []} onChange={(tags) => change({ tags })} />
          </fieldset>
        )}
      </form>
    </Dialog>
  );
}

/** By file: what is wrong with it, null where nothing is; absent while that is found out. */
function useProblems(files: File[]): Map<File, FileProblem | null> {
  const [problems, setProblems] = useState(new Map<File, FileProblem | null>());
  useEffect(() => {
    let isCurrent = true;
    void Promise.all(files.map(async (file) => [file, await checkFile(file, await largestUpload())] as const)).then((found) => {
      if (isCurrent) setProblems(new Map(found));
    });
    return () => {
      isCurrent = false;
    };
  }, [files]);
  return problems;
}

/** Language and vocabulary are mostly those of the time before. */
function remembered(): Wishes {
  try {
    const { language, vocabulary } = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") as Wishes;
    return { language, vocabulary };
  } catch {
    return {};
  }
}
