"use client";
/** Something to take away: shown in full, copied with one press. */
import { Check, Copy } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { Button } from "./Button";

export function CopyField({ label, value }: { label: ReactNode; value: string }) {
  const t = useTranslations("common");
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard?.writeText(value).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 3000);
    });
  return (
    <div>
      <p className="mb-1.5 text-sm font-medium">{label}</p>
      <div className="flex items-stretch gap-2">
        <code className="min-w-0 flex-1 rounded-md border border-line bg-sunken px-3 py-2.5 text-sm break-all select-all">{value}</code>
        {/* Without https there is no clipboard: the value is selected with one click then. */}
        {typeof navigator !== "undefined" && navigator.clipboard && (
          <Button onClick={copy} className="h-auto">
            {isCopied ? <Check aria-hidden /> : <Copy aria-hidden />}
            <span aria-live="polite">{isCopied ? t("copied") : t("copy")}</span>
          </Button>
        )}
      </div>
    </div>
  );
}
