"use client";
/** The two pages before one is in: the form on one side, what it is all about on the other. */
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { SpeakerDot } from "@/components/ui/SpeakerDot";
import { LookChoices } from "./LookChoices";

export function Threshold({ children }: { children: ReactNode }) {
  const t = useTranslations("shell");
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
      <div className="flex flex-col px-5 py-5 sm:px-10 sm:py-7">
        <div className="flex flex-wrap items-center justify-between gap-4">
          <p className="flex items-center gap-2.5 font-serif text-base font-semibold tracking-tight">
            {/* eslint-disable-next-line @next/next/no-img-element */}
            <img src="/icon.svg" alt="" className="size-7" />
            <span className="max-sm:sr-only">{t("product")}</span>
          </p>
          <LookChoices isCompact />
        </div>
        <div className="flex flex-1 flex-col justify-center py-10">
          <div className="mx-auto w-full max-w-sm">{children}</div>
        </div>
      </div>
      <Sample />
    </div>
  );
}

const TALK = [
  { label: "SPEAKER_02", name: "Claire Martin", at: "12:04", key: "sample.a" },
  { label: "SPEAKER_01", name: "Youssef Benali", at: "12:11", key: "sample.b" },
  { label: "SPEAKER_03", name: "Anne Durand", at: "12:19", key: "sample.c" },
] as const;

/** What the product makes: three lines of a meeting. */
function Sample() {
  const t = useTranslations("account");
  return (
    <figure aria-label={t("sample.label")} className="hidden flex-col justify-center border-l border-line bg-sunken px-16 lg:flex xl:px-24">
      <div className="mx-auto flex max-w-lg flex-col gap-9">
        {TALK.map(({ label, name, at, key }) => (
          <div key={label} className="flex gap-4">
            <SpeakerDot label={label} name={name} />
            <div>
              <p className="flex items-baseline gap-2.5 text-sm">
                <span data-speaker={Number(label.slice(-2))} className="font-semibold text-speaker">
                  {name}
                </span>
                <span className="tabular text-xs text-ink-faint">{at}</span>
              </p>
              <p className="mt-1 font-serif text-xl text-ink">{t(key)}</p>
            </div>
          </div>
        ))}
      </div>
    </figure>
  );
}
