"use client";
/** The first thing a new user sees: what to do, and what happens then. */
import { FileAudio, Mic, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { useUploads } from "@/features/uploads";

export function EmptyList() {
  const t = useTranslations("meetings.empty");
  const uploads = useUploads();
  const steps = [
    { title: t("listen"), body: t("listenBody") },
    { title: t("read"), body: t("readBody") },
    { title: t("name"), body: t("nameBody") },
  ];
  return (
    <div className="mt-2">
      <section className="flex flex-col items-center gap-4 rounded-lg border border-dashed border-line-strong px-6 py-14 text-center">
        <span className="rounded-full bg-accent-soft p-4 text-accent">
          <FileAudio aria-hidden className="size-7" />
        </span>
        <h2 className="font-serif text-xl font-semibold">{t("title")}</h2>
        <p className="max-w-prose text-ink-soft">{t("drop")}</p>
        <div className="flex flex-wrap justify-center gap-2">
          <Button kind="primary" size="lg" onClick={() => uploads.openNew()}>
            <Upload aria-hidden />
            {t("choose")}
          </Button>
          <Button size="lg" onClick={uploads.record}>
            <Mic aria-hidden />
            {t("record")}
          </Button>
        </div>
        <p className="text-xs text-ink-faint">{t("formats")}</p>
      </section>
      <h2 className="mt-12 border-b border-line pb-2 text-xs font-semibold tracking-wide text-ink-faint uppercase">{t("then")}</h2>
      <ol className="mt-5 grid gap-8 sm:grid-cols-3">
        {steps.map((step, place) => (
          <li key={step.title} className="flex gap-4 sm:flex-col sm:gap-2">
            <span aria-hidden className="font-serif text-2xl text-accent">
              {place + 1}
            </span>
            <div>
              <h3 className="font-serif text-lg font-semibold">{step.title}</h3>
              <p className="mt-1 text-ink-soft">{step.body}</p>
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}
