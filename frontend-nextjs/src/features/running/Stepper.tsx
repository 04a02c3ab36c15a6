"use client";
import { Check } from "lucide-react";
import { useTranslations } from "next-intl";
import { useLanguage } from "@/features/shell/Language";
import { cx } from "@/lib/cx";
import { duration, percent } from "@/lib/format";
import type { Step } from "./progress";

/** The stages of a run, one below the other, the present one in ink. */
export function Stepper({ steps }: { steps: Step[] }) {
  const t = useTranslations("running");
  return (
    <ol aria-label={t("stages")} className="flex flex-col">
      {steps.map((step, number) => (
        <li key={step.stage} aria-current={step.state === "active" ? "step" : undefined} className="relative flex gap-4 pb-5 last:pb-0">
          {number < steps.length - 1 && (
            <span aria-hidden className={cx("absolute top-7 bottom-0 left-3 w-px", step.state === "done" ? "bg-accent" : "bg-line")} />
          )}
          <Mark step={step} />
          <div className="min-w-0 flex-1 pt-0.5">
            <p className={cx("flex items-baseline justify-between gap-3 text-sm", step.state === "active" ? "font-medium text-ink" : "text-ink-soft")}>
              <span>
                {t(`stage.${step.stage}`)}
                <span className="sr-only"> : {t(`step.${step.state}`)}</span>
              </span>
              <Figure step={step} />
            </p>
            {step.state === "active" && <p className="text-sm text-ink-faint">{t(`stageBody.${step.stage}`)}</p>}
          </div>
        </li>
      ))}
    </ol>
  );
}

function Mark({ step }: { step: Step }) {
  if (step.state === "done") {
    return (
      <span aria-hidden className="flex size-6 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent">
        <Check className="size-3.5" strokeWidth={3} />
      </span>
    );
  }
  return (
    <span
      aria-hidden
      className={cx("flex size-6 shrink-0 items-center justify-center rounded-full border-2", step.state === "active" ? "border-accent" : "border-line")}
    >
      {step.state === "active" && <span className="size-2 animate-pulse rounded-full bg-accent" />}
    </span>
  );
}

function Figure({ step }: { step: Step }) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  if (step.state === "active") return <span className="tabular text-accent">{percent(step.percent / 100, language)}</span>;
  if (step.isReused) return <span className="text-xs text-ink-faint">{t("reused")}</span>;
  if (step.seconds === null) return null;
  return <span className="tabular text-xs text-ink-faint">{step.seconds < 1 ? t("underASecond") : duration(step.seconds, language)}</span>;
}
