"use client";
/** Whose voice is this? A clip is compared with the bank, and not kept. */
import Link from "next/link";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { Notice } from "@/components/ui/Notice";
import { Progress } from "@/components/ui/Progress";
import { useLanguage } from "@/features/shell/Language";
import { useErrorText } from "@/features/shell/useErrorText";
import { useTestVoice, type Clip, type Enrolment } from "@/lib/api/voices";
import { percent } from "@/lib/format";
import { ClipReview } from "./ClipReview";
import { ClipSource } from "./ClipSource";
import { Refusal } from "./Refusal";

export function TestDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations("voices.clip");
  const errorText = useErrorText();
  const [clip, setClip] = useState<Clip | null>(null);
  const test = useTestVoice();
  const again = () => {
    setClip(null);
    test.reset();
  };
  return (
    <Dialog isOpen onClose={onClose} title={t("testTitle")}>
      <div className="flex flex-col gap-5">
        {!test.data && <p className="text-ink-soft">{t("testAbout")}</p>}
        {!test.data && !clip && <ClipSource onClip={setClip} />}
        {!test.data && clip && <ClipReview clip={clip} action={t("ask")} isBusy={test.isPending} onSend={() => test.mutate(clip)} onAgain={again} />}
        {test.data && (
          <>
            {test.data.status === "DONE" ? <Verdict enrolment={test.data} /> : <Refusal enrolment={test.data} />}
            <div>
              <Button onClick={again} autoFocus>
                {t("again")}
              </Button>
            </div>
          </>
        )}
        {test.isError && <Notice tone="danger">{errorText(test.error)}</Notice>}
      </div>
    </Dialog>
  );
}

function Verdict({ enrolment }: { enrolment: Enrolment }) {
  const t = useTranslations("voices.verdict");
  const { language } = useLanguage();
  const verdict = enrolment.verdict;
  const best = verdict?.candidates[0];
  const said = () => {
    if (verdict?.reason === "empty-bank") return t("emptyBank");
    if (verdict?.reason === "too-little-speech") return t("tooLittle");
    if (!best || verdict?.band === "unknown") return t("unknown");
    return verdict?.band === "auto" ? t("auto", { name: best.name }) : t("suggest", { name: best.name });
  };
  return (
    <div className="flex flex-col gap-5">
      <div role="status">
        <p className="font-serif text-xl font-semibold">{said()}</p>
        <p className="mt-1 text-xs text-ink-faint">{t("kept")}</p>
      </div>
      {verdict && verdict.candidates.length > 0 && (
        <section aria-label={t("candidates")}>
          <h3 className="mb-2 text-sm font-medium">{t("candidates")}</h3>
          <ul className="flex flex-col gap-3">
            {verdict.candidates.map((one) => (
              <li key={one.person_id} className="flex items-center gap-4">
                <Link prefetch={false} href={`/voices/${one.person_id}`} className="w-40 truncate font-medium underline-offset-4 hover:underline">
                  {one.name}
                </Link>
                <Progress percent={one.probability * 100} label={one.name} className="flex-1" />
                <span className="tabular w-16 text-right text-sm text-ink-soft">{percent(one.probability, language)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
