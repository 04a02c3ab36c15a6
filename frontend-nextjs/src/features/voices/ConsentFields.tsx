"use client";
/** Who agreed, when, and to which text, which can be read here. */
import { Copy } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { useToast } from "@/components/ui/Toast";
import { useLanguage } from "@/features/shell/Language";
import { useConsentText } from "@/lib/api/voices";
import { today } from "./consentDate";

export interface ConsentWish {
  givenBy: string;
  givenOn: string;
}

interface Props {
  value: ConsentWish;
  onChange: (value: ConsentWish) => void;
  /** Where the dialog's focus begins. */
  isFirst?: boolean;
}

export function ConsentFields({ value, onChange, isFirst }: Props) {
  const t = useTranslations("voices.consent");
  return (
    <div className="flex flex-col gap-4">
      <TextField
        label={t("givenBy")}
        hint={t("givenByHint")}
        value={value.givenBy}
        onChange={(event) => onChange({ ...value, givenBy: event.target.value })}
        maxLength={300}
        autoComplete="off"
        data-autofocus={isFirst ? true : undefined}
        required
      />
      <TextField
        label={t("givenOn")}
        type="date"
        value={value.givenOn}
        max={today()}
        onChange={(event) => onChange({ ...value, givenOn: event.target.value })}
        className="max-w-44"
        required
      />
      <Text />
    </div>
  );
}

function Text() {
  const t = useTranslations();
  const say = useToast();
  const { language } = useLanguage();
  const text = useConsentText(language).data;
  if (!text) return null;
  return (
    <details className="rounded-md border border-line">
      <summary className="px-4 py-2.5 text-sm font-medium">{t("voices.consent.text")}</summary>
      <div className="border-t border-line px-4 py-3">
        <p className="text-xs text-ink-faint">{t("voices.consent.textHint", { version: text.version })}</p>
        <p className="my-3 font-serif text-base whitespace-pre-line">{text.text}</p>
        <Button size="sm" className="max-sm:h-10" onClick={() => void navigator.clipboard?.writeText(text.text).then(() => say(t("common.copied")))}>
          <Copy aria-hidden />
          {t("voices.consent.print")}
        </Button>
      </div>
    </details>
  );
}
